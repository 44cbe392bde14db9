import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OpenMeteo } from '../../../src/servers/weather/open-meteo.js';
import { weatherProgram } from '../../../src/servers/weather/program.js';
import { SampleWeather } from '../../../src/servers/weather/sample-weather.js';
import { weatherTools } from '../../../src/servers/weather/tools.js';
import { WeatherOrSample } from '../../../src/servers/weather/weather-or-sample.js';
import { answer, connect, openTools, refusal } from './server-fixture.js';

const NOON = Date.UTC(2026, 5, 15, 12);

const sample = () => connect(weatherTools(new SampleWeather(() => NOON), () => NOON));

async function listening(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** Open-Meteo's two services, as far as we ask them; knows Oslo only. */
async function openMeteoStub() {
  const asked: URL[] = [];
  const baseUrl = await listening((request, response) => {
    const url = new URL(request.url ?? '', 'http://stub');
    asked.push(url);
    response.setHeader('content-type', 'application/json');
    if (url.pathname === '/v1/search') {
      const known = url.searchParams.get('name')?.toLowerCase() === 'oslo';
      response.end(JSON.stringify(known ? { results: [{ name: 'Oslo', latitude: 59.91, longitude: 10.75 }] } : {}));
    } else if (url.searchParams.has('current')) {
      response.end('{"current":{"temperature_2m":11.5,"relative_humidity_2m":81,"weather_code":61}}');
    } else {
      const daily = {
        time: ['2026-06-15', '2026-06-16'],
        temperature_2m_max: [15, 16],
        temperature_2m_min: [7, 8],
        weather_code: [3, 95],
        precipitation_probability_max: [20, null],
      };
      response.end(JSON.stringify({ daily }));
    }
  });
  return { baseUrl, asked };
}

describe('Open-Meteo', () => {
  it('that sends its caller elsewhere is not followed', async () => {
    const reached: string[] = [];
    const elsewhere = await listening((request, response) => {
      reached.push(request.url ?? '');
      response.end('{}');
    });
    const baseUrl = await listening((request, response) => {
      response.writeHead(302, { location: `${elsewhere}${request.url}` }).end();
    });
    const source = new OpenMeteo({ baseUrl });
    await expect(source.current('Oslo', new AbortController().signal)).rejects.toThrow('cannot be reached');
    expect(reached).toEqual([]);
  });
});

describe('the sample', () => {
  it.each(['London', 'New York', 'Tokyo', 'Sydney', 'Paris'])('knows %s, in any case', async (city) => {
    const client = await sample();
    const current = await answer(client, 'get_current_weather', { city: ` ${city.toUpperCase()} ` });
    expect(current).toMatchObject({ city, units: 'celsius', source: 'sample', timestamp: '2026-06-15T12:00:00.000Z' });
    expect(await answer(client, 'get_weather_forecast', { city })).toMatchObject({ city, forecast: { length: 3 } });
  });

  it('knows a city without its accents, and tells Fahrenheit', async () => {
    const client = await sample();
    const current = await answer(client, 'get_current_weather', { city: 'sao paulo', units: 'fahrenheit' });
    expect(current).toMatchObject({ city: 'São Paulo', temp: 70.5, units: 'fahrenheit' });
  });

  it('forecasts the days from today on', async () => {
    const { forecast } = await answer(await sample(), 'get_weather_forecast', {
      city: 'Cairo',
      days: 7,
      units: 'fahrenheit',
    });
    expect(forecast).toHaveLength(7);
    expect(forecast).toMatchObject({ 0: { date: '2026-06-15', high: 96.8 }, 6: { date: '2026-06-21' } });
  });

  it('refuses an unknown city for good, with the cities it has, and 0 or 8 days', async () => {
    const client = await sample();
    const error = await refusal(client, 'get_current_weather', { city: 'Atlantis' });
    expect(error).toMatchObject({ code: 'UNKNOWN_CITY', retryable: false });
    expect(error.message).toContain('London, New York, Tokyo, Sydney, Paris');
    for (const days of [0, 8, 1.5]) {
      const refused = await refusal(client, 'get_weather_forecast', { city: 'London', days });
      expect(refused).toMatchObject({ code: 'INVALID_ARGUMENTS' });
    }
  });
});

describe('Open-Meteo', () => {
  it('is asked for the place, then for its weather, and named as the source', async () => {
    const { baseUrl, asked } = await openMeteoStub();
    const client = await connect(openTools(weatherProgram, { source: 'open-meteo', 'open-meteo-url': `${baseUrl}/` }));
    const place = { city: 'Oslo', source: 'open-meteo' };
    expect(await answer(client, 'get_current_weather', { city: 'oslo', units: 'fahrenheit' })).toMatchObject({
      ...place,
      temp: 52.7,
      condition: 'light rain',
      humidity: 81,
    });
    expect(await answer(client, 'get_weather_forecast', { city: 'oslo', days: 2 })).toMatchObject({
      ...place,
      forecast: [
        { date: '2026-06-15', high: 15, low: 7, condition: 'overcast', precipitationChance: 20 },
        { date: '2026-06-16', condition: 'thunderstorm', precipitationChance: 0 },
      ],
    });
    expect(asked[1]?.searchParams.get('latitude')).toBe('59.91');
    expect(asked[3]?.searchParams.get('forecast_days')).toBe('2');
  });

  it('that does not know a city makes a permanent failure', async () => {
    const { baseUrl } = await openMeteoStub();
    const client = await connect(weatherTools(new OpenMeteo({ baseUrl })));
    expect(await refusal(client, 'get_current_weather', { city: 'Atlantis' })).toMatchObject({
      code: 'UNKNOWN_CITY',
      retryable: false,
    });
  });

  it.each<[string, RequestListener, string]>([
    ['answers with an error', (_request, response) => response.writeHead(502).end(), 'status 502'],
    ['answers with something else', (_request, response) => response.end('<html>'), 'not its documented one'],
    ['answers with too much', (_request, response) => response.end('x'.repeat(100_000)), 'over 65536 bytes'],
    ['breaks off', (request) => request.socket.destroy(), 'cannot be reached'],
    ['does not answer', () => {}, 'did not answer in time'],
  ])('that %s makes a passing failure', async (_what, handler, problem) => {
    const client = await connect(weatherTools(new OpenMeteo({ baseUrl: await listening(handler), timeoutMs: 300 })));
    const error = await refusal(client, 'get_current_weather', { city: 'Oslo' });
    expect(error).toMatchObject({ code: 'WEATHER_UNAVAILABLE', retryable: true });
    expect(error.message).toContain(problem);
  });
});

describe('auto', () => {
  it('asks Open-Meteo while it answers', async () => {
    const { baseUrl } = await openMeteoStub();
    const client = await connect(openTools(weatherProgram, { 'open-meteo-url': baseUrl }));
    expect(await answer(client, 'get_current_weather', { city: 'Oslo' })).toMatchObject({ source: 'open-meteo' });
    expect(await refusal(client, 'get_current_weather', { city: 'London' })).toMatchObject({ code: 'UNKNOWN_CITY' });
  });

  it('falls back to the sample, does not ask again for a minute, then does', async () => {
    let [now, asked, down] = [0, 0, true];
    const stub = await openMeteoStub();
    const proxy = await listening((request, response) => {
      asked += 1;
      if (down) response.writeHead(503).end();
      else void fetch(`${stub.baseUrl}${request.url}`).then(async (answered) => response.end(await answered.text()));
    });
    const source = new WeatherOrSample(new OpenMeteo({ baseUrl: proxy }), new SampleWeather(), () => now);
    const client = await connect(weatherTools(source));
    const paris = () => answer(client, 'get_current_weather', { city: 'Paris' });
    expect(await paris()).toMatchObject({ source: 'sample' });
    now = 59_999;
    expect(await paris()).toMatchObject({ source: 'sample' });
    expect(asked).toBe(1);
    const unknown = await refusal(client, 'get_current_weather', { city: 'Oslo' });
    expect(unknown).toMatchObject({ code: 'UNKNOWN_CITY', retryable: true, retryAfterMs: 1 });
    expect(unknown.message).toContain('status 503');
    [now, down] = [60_000, false];
    expect(await answer(client, 'get_current_weather', { city: 'Oslo' })).toMatchObject({ source: 'open-meteo' });
  });
});
