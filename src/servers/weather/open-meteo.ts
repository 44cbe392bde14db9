/** Weather from Open-Meteo: free, without a key. A name is looked up first, then its coordinates are asked about. */
import { z } from 'zod';
import { ToolFailure } from '../tool-failure.js';
import { conditionOf } from './weather-codes.js';
import { type CurrentWeather, type Forecast, type WeatherSource, WeatherUnavailable } from './weather-source.js';

const DEFAULT_TIMEOUT_MS = 3_000;
/** Open-Meteo's answers have about 1 KB; more than this is something else. */
const MAX_ANSWER_BYTES = 64 * 1024;

const Places = z.object({
  results: z.array(z.object({ name: z.string(), latitude: z.number(), longitude: z.number() })).optional(),
});

const Current = z.object({
  current: z.object({ temperature_2m: z.number(), relative_humidity_2m: z.number(), weather_code: z.int() }),
});

const Daily = z.object({
  daily: z.object({
    time: z.array(z.string()),
    temperature_2m_max: z.array(z.number()),
    temperature_2m_min: z.array(z.number()),
    weather_code: z.array(z.int()),
    precipitation_probability_max: z.array(z.number().nullable()),
  }),
});

export interface OpenMeteoOptions {
  /** One base URL for both services, for a proxy or a test; by default Open-Meteo's own two. */
  readonly baseUrl?: string | undefined;
  /** Milliseconds for one tool call, both requests together. Default 3,000: below the 5 s that callers give a weather tool. */
  readonly timeoutMs?: number;
}

interface Place {
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
}

export class OpenMeteo implements WeatherSource {
  readonly #geocoding: string;
  readonly #weather: string;
  readonly #timeoutMs: number;

  constructor({ baseUrl, timeoutMs = DEFAULT_TIMEOUT_MS }: OpenMeteoOptions = {}) {
    this.#timeoutMs = timeoutMs;
    const base = baseUrl?.replace(/\/+$/, '');
    this.#geocoding = base ?? 'https://geocoding-api.open-meteo.com';
    this.#weather = base ?? 'https://api.open-meteo.com';
  }

  async current(city: string, signal: AbortSignal): Promise<CurrentWeather> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]);
    const place = await this.#locate(city, limit);
    const { current } = await this.#ask(
      place,
      { current: 'temperature_2m,relative_humidity_2m,weather_code' },
      Current,
      limit,
    );
    return {
      city: place.name,
      celsius: current.temperature_2m,
      condition: conditionOf(current.weather_code),
      humidity: current.relative_humidity_2m,
      source: 'open-meteo',
    };
  }

  async forecast(city: string, days: number, signal: AbortSignal): Promise<Forecast> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]);
    const place = await this.#locate(city, limit);
    const fields = 'weather_code,temperature_2m_max,temperature_2m_min,precipitation_probability_max';
    const { daily } = await this.#ask(place, { daily: fields, forecast_days: `${days}` }, Daily, limit);
    const forecast = daily.time.slice(0, days).map((date, day) => ({
      date,
      highCelsius: at(daily.temperature_2m_max, day),
      lowCelsius: at(daily.temperature_2m_min, day),
      condition: conditionOf(at(daily.weather_code, day)),
      precipitationChance: daily.precipitation_probability_max[day] ?? 0,
    }));
    return { city: place.name, days: forecast, source: 'open-meteo' };
  }

  async #locate(city: string, signal: AbortSignal): Promise<Place> {
    const query = new URLSearchParams({ name: city, count: '1', language: 'en', format: 'json' });
    const place = (await fetchJson(`${this.#geocoding}/v1/search?${query}`, Places, signal)).results?.[0];
    if (!place) throw new ToolFailure('UNKNOWN_CITY', `Open-Meteo knows no place called "${city}".`);
    return place;
  }

  #ask<T>({ latitude, longitude }: Place, fields: Record<string, string>, shape: z.ZodType<T>, signal: AbortSignal) {
    const query = new URLSearchParams({
      latitude: `${latitude}`,
      longitude: `${longitude}`,
      timezone: 'auto',
      ...fields,
    });
    return fetchJson(`${this.#weather}/v1/forecast?${query}`, shape, signal);
  }
}

async function fetchJson<T>(url: string, shape: z.ZodType<T>, signal: AbortSignal): Promise<T> {
  const { host } = new URL(url);
  try {
    // Whatever answers there must not send us to an address that nobody configured.
    const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
    if (!response.ok) {
      await response.body?.cancel();
      throw new WeatherUnavailable(`Open-Meteo (${host}) answered with status ${response.status}.`);
    }
    return shape.parse(JSON.parse(await readText(response, host)));
  } catch (thrown) {
    if (thrown instanceof ToolFailure) throw thrown;
    const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
    if (signal.aborted) throw new WeatherUnavailable(`Open-Meteo (${host}) did not answer in time.`, cause);
    if (thrown instanceof z.ZodError || thrown instanceof SyntaxError) {
      throw new WeatherUnavailable(`Open-Meteo (${host}) answered in a shape that is not its documented one.`, cause);
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new WeatherUnavailable(`Open-Meteo (${host}) cannot be reached: ${why}.`, cause);
  }
}

async function readText(response: Response, host: string): Promise<string> {
  const decoder = new TextDecoder();
  let [text, bytes] = ['', 0];
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES)
      throw new WeatherUnavailable(`Open-Meteo (${host}) answered with over ${MAX_ANSWER_BYTES} bytes.`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new WeatherUnavailable('Open-Meteo answered with lists of different lengths.');
  return value;
}
