import { z } from 'zod';
import { defineTool, type Tool } from '../tool.js';
import type { WeatherSource } from './weather-source.js';

const City = z.string().trim().min(1).max(100).describe('name of a city, like London');
const Units = z.enum(['celsius', 'fahrenheit']).default('celsius');
const Source = z.enum(['open-meteo', 'sample']).describe('where the figures come from; "sample" is made up');
const Timestamp = z.iso.datetime().describe('when the question was answered');

const Current = z.object({
  temp: z.number().describe('in the units asked for'),
  condition: z.string(),
  humidity: z.number().min(0).max(100).describe('relative, in percent'),
  units: z.enum(['celsius', 'fahrenheit']),
  city: z.string(),
  timestamp: Timestamp,
  source: Source,
});

const Forecast = z.object({
  city: z.string(),
  units: z.enum(['celsius', 'fahrenheit']),
  forecast: z.array(
    z.object({
      date: z.iso.date(),
      high: z.number(),
      low: z.number(),
      condition: z.string(),
      precipitationChance: z.number().min(0).max(100).describe('percent'),
    }),
  ),
  timestamp: Timestamp,
  source: Source,
});

export function weatherTools(source: WeatherSource, now: () => number = Date.now): Tool[] {
  const annotations = { readOnlyHint: true, openWorldHint: true };
  const timestamp = () => new Date(now()).toISOString();

  const getCurrent = defineTool({
    name: 'get_current_weather',
    title: 'Current weather',
    description: 'Temperature, condition and humidity in a city now.',
    annotations,
    input: z.strictObject({ city: City, units: Units }),
    output: Current,
    async run({ city, units }, { signal }) {
      const { celsius, ...weather } = await source.current(city, signal);
      return { temp: inUnits(celsius, units), ...weather, units, timestamp: timestamp() };
    },
  });

  const getForecast = defineTool({
    name: 'get_weather_forecast',
    title: 'Weather forecast',
    description: 'The next days in a city, today included.',
    annotations,
    input: z.strictObject({ city: City, days: z.int().min(1).max(7).default(3), units: Units }),
    output: Forecast,
    async run({ city, days, units }, { signal }) {
      const answer = await source.forecast(city, days, signal);
      const forecast = answer.days.map(({ highCelsius, lowCelsius, ...day }) => ({
        ...day,
        high: inUnits(highCelsius, units),
        low: inUnits(lowCelsius, units),
      }));
      return { city: answer.city, units, forecast, timestamp: timestamp(), source: answer.source };
    },
  });

  return [getCurrent, getForecast];
}

/** To one decimal, as weather is told. */
function inUnits(celsius: number, units: z.infer<typeof Units>): number {
  const value = units === 'celsius' ? celsius : celsius * 1.8 + 32;
  return Math.round(value * 10) / 10;
}
