/** The question that `parallel` and `support` are asked. */
import { z } from 'zod';
import { MAX_QUERY_LENGTH } from '../config.js';

/** 1 to 2,000 characters once the blanks around it are gone; no NUL, at which databases end a text. */
export const querySchema = z
  .string()
  .trim()
  .min(1, 'is empty: ask something')
  .max(MAX_QUERY_LENGTH, `is longer than ${MAX_QUERY_LENGTH} characters: shorten it`)
  .refine((query) => !query.includes('\0'), 'holds a NUL character: remove it');
