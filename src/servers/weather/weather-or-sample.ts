/** Open-Meteo where there is a network, the sample where there is none. */
import { ToolFailure } from '../tool-failure.js';
import { type CurrentWeather, type Forecast, type WeatherSource, WeatherUnavailable } from './weather-source.js';

/** Milliseconds for which a failed attempt speaks for the next ones, so that being offline costs one slow call and not each. */
const OFFLINE_MS = 60_000;

export class WeatherOrSample implements WeatherSource {
  readonly #online: WeatherSource;
  readonly #sample: WeatherSource;
  readonly #now: () => number;
  #offlineUntil = Number.NEGATIVE_INFINITY;
  #offlineBecause = '';

  constructor(online: WeatherSource, sample: WeatherSource, now: () => number = () => performance.now()) {
    this.#online = online;
    this.#sample = sample;
    this.#now = now;
  }

  current(city: string, signal: AbortSignal): Promise<CurrentWeather> {
    return this.#ask(signal, (source) => source.current(city, signal));
  }

  forecast(city: string, days: number, signal: AbortSignal): Promise<Forecast> {
    return this.#ask(signal, (source) => source.forecast(city, days, signal));
  }

  async #ask<T>(signal: AbortSignal, ask: (source: WeatherSource) => Promise<T>): Promise<T> {
    if (this.#now() >= this.#offlineUntil) {
      try {
        return await ask(this.#online);
      } catch (thrown) {
        // A call that its client gave up says nothing about the network.
        if (!(thrown instanceof WeatherUnavailable) || signal.aborted) throw thrown;
        this.#offlineUntil = this.#now() + OFFLINE_MS;
        this.#offlineBecause = thrown.message;
      }
    }
    try {
      return await ask(this.#sample);
    } catch (thrown) {
      if (!(thrown instanceof ToolFailure) || thrown.code !== 'UNKNOWN_CITY') throw thrown;
      // Open-Meteo may know the city: unlike in sample mode, asking again later makes sense.
      throw new ToolFailure('UNKNOWN_CITY', `${this.#offlineBecause} ${thrown.message}`, {
        retryable: true,
        retryAfterMs: Math.max(0, Math.ceil(this.#offlineUntil - this.#now())),
      });
    }
  }
}
