/** What the weather tools need from whoever knows the weather. Temperatures are °C; the tools convert. */
import { ToolFailure } from '../tool-failure.js';

export interface CurrentWeather {
  /** The place's own spelling, which may differ from what was asked for. */
  readonly city: string;
  readonly celsius: number;
  readonly condition: string;
  /** Relative, in percent. */
  readonly humidity: number;
  readonly source: 'open-meteo' | 'sample';
}

interface ForecastDay {
  /** In the place's own calendar, `2026-01-31`. */
  readonly date: string;
  readonly highCelsius: number;
  readonly lowCelsius: number;
  readonly condition: string;
  /** Percent. */
  readonly precipitationChance: number;
}

export interface Forecast {
  readonly city: string;
  readonly days: readonly ForecastDay[];
  readonly source: 'open-meteo' | 'sample';
}

/** Both reject with a {@link ToolFailure}: UNKNOWN_CITY, or WEATHER_UNAVAILABLE when the source itself fails. */
export interface WeatherSource {
  current(city: string, signal: AbortSignal): Promise<CurrentWeather>;
  forecast(city: string, days: number, signal: AbortSignal): Promise<Forecast>;
}

/** The source could not be asked; another may know. */
export class WeatherUnavailable extends ToolFailure {
  constructor(message: string, cause?: unknown) {
    super('WEATHER_UNAVAILABLE', message, { retryable: true, cause });
  }
}
