/** Bundled weather for a dozen cities: always the same, so that demos and tests need no network. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ToolFailure } from '../tool-failure.js';
import type { CurrentWeather, Forecast, WeatherSource } from './weather-source.js';

const Cities = z.array(
  z.strictObject({
    city: z.string(),
    celsius: z.number(),
    condition: z.string(),
    humidity: z.int().min(0).max(100),
    /** A week: high, low, condition, chance of rain in percent. */
    week: z.array(z.tuple([z.number(), z.number(), z.string(), z.int().min(0).max(100)])).length(7),
  }),
);
type City = z.infer<typeof Cities>[number];

const DAY_MS = 86_400_000;

export class SampleWeather implements WeatherSource {
  readonly #cities: ReadonlyMap<string, City>;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    const text = readFileSync(new URL('./cities.json', import.meta.url), 'utf8');
    this.#cities = new Map(Cities.parse(JSON.parse(text)).map((city) => [cityKey(city.city), city]));
    this.#now = now;
  }

  async current(name: string): Promise<CurrentWeather> {
    const { city, celsius, condition, humidity } = this.#city(name);
    return { city, celsius, condition, humidity, source: 'sample' };
  }

  async forecast(name: string, days: number): Promise<Forecast> {
    const { city, week } = this.#city(name);
    const forecast = week.slice(0, days).map(([highCelsius, lowCelsius, condition, precipitationChance], day) => {
      const date = new Date(this.#now() + day * DAY_MS).toISOString().slice(0, 10);
      return { date, highCelsius, lowCelsius, condition, precipitationChance };
    });
    return { city, days: forecast, source: 'sample' };
  }

  #city(name: string): City {
    const city = this.#cities.get(cityKey(name));
    if (city) return city;
    const known = [...this.#cities.values()].map(({ city }) => city).join(', ');
    throw new ToolFailure('UNKNOWN_CITY', `The sample has no weather for "${name}"; it has: ${known}.`);
  }
}

/** "são  paulo" and "Sao Paulo" are one city. */
function cityKey(name: string): string {
  return name.normalize('NFD').replace(/\p{M}/gu, '').trim().replace(/\s+/g, ' ').toLowerCase();
}
