import { SwitchyardError } from '../../errors.js';
import type { ServerProgram } from '../run-program.js';
import { OpenMeteo } from './open-meteo.js';
import { SampleWeather } from './sample-weather.js';
import { weatherTools } from './tools.js';
import { WeatherOrSample } from './weather-or-sample.js';
import type { WeatherSource } from './weather-source.js';

/** `switchyard-weather`: current weather and forecasts, each answer saying where it comes from. */
export const weatherProgram: ServerProgram = {
  name: 'switchyard-weather',
  summary: 'current weather and forecasts, from Open-Meteo or a bundled sample',
  flags: {
    source: {
      value: 'NAME',
      env: 'SWITCHYARD_WEATHER_SOURCE',
      help: 'open-meteo, sample, or auto (default): Open-Meteo, and the sample while it cannot be reached',
    },
    'open-meteo-url': {
      value: 'URL',
      env: 'SWITCHYARD_OPEN_METEO_URL',
      help: 'a proxy that serves /v1/search and /v1/forecast in place of Open-Meteo',
    },
  },
  open: ({ own }) => ({ tools: weatherTools(weatherSource(own.source, own['open-meteo-url'])), close: () => {} }),
};

/** Throws INVALID_INPUT for an unknown name or a bad URL. */
function weatherSource(name = 'auto', baseUrl?: string): WeatherSource {
  if (baseUrl !== undefined && !/^https?:\/\//.test(baseUrl)) {
    throw new SwitchyardError(
      'INVALID_INPUT',
      `--open-meteo-url must begin with http:// or https://, and is "${baseUrl}".`,
    );
  }
  switch (name) {
    case 'auto':
      return new WeatherOrSample(new OpenMeteo({ baseUrl }), new SampleWeather());
    case 'open-meteo':
      return new OpenMeteo({ baseUrl });
    case 'sample':
      return new SampleWeather();
    default:
      throw new SwitchyardError('INVALID_INPUT', `--source must be auto, open-meteo or sample, and is "${name}".`);
  }
}
