/** Which cities a query asks about. */
import { indexOfWords } from './words.js';

const CITIES = ['London', 'New York', 'Tokyo', 'Sydney', 'Paris'] as const;

const DEFAULT_CITY = 'London';

/** The known cities that a query names, as whole words in any case ("comparison" is no Paris); London when it names none. */
export function citiesIn(query: string): readonly string[] {
  const text = query.toLowerCase().replace(/\s+/gu, ' ');
  const found = CITIES.filter((city) => indexOfWords(text, city.toLowerCase()) >= 0);
  return found.length > 0 ? found : [DEFAULT_CITY];
}
