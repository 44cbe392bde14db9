/** Files for the files server to find, so that the shipped workflows have something to search on the first day. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const SAMPLES: Readonly<Record<string, string>> = {
  'logs/application-error.log': `2026-06-30T08:14:02Z INFO  web      request id=7f3a GET /orders 200 41ms
2026-06-30T08:14:09Z ERROR web      request id=7f3b POST /login 500 upstream timeout after 3000ms
2026-06-30T08:14:12Z WARN  web      connection pool: 48 of 50 in use
2026-06-30T08:15:40Z INFO  web      connection pool: 12 of 50 in use
`,
  'logs/api-gateway.log': `2026-06-30T08:14:06Z WARN  gateway  upstream=accounts latency=2710ms
2026-06-30T08:14:09Z ERROR gateway  upstream=accounts timeout=3000ms request id=7f3b
2026-06-30T08:14:31Z INFO  gateway  upstream=accounts recovered latency=38ms
`,
  'logs/payment-service.log': `2026-06-30T09:00:00Z INFO  payments settled batch=118 count=64 currency=EUR
2026-06-30T09:12:44Z WARN  payments card declined order=ord-2231 retryable=false
`,
  'reports/customer-orders-report.csv': `month,orders,returned,revenue_minor,currency
2026-04,1310,22,20580000,EUR
2026-05,1388,19,21460000,EUR
2026-06,1421,25,22810000,EUR
`,
  'reports/customer-satisfaction-2026.md': `# Customer satisfaction, first half of 2026

Answered within a day: 94 %. Most praised: delivery times. Most criticised: the returns form.
`,
  'reports/weather-delays.md': `# Deliveries delayed by weather

| city     | days | parcels |
|----------|------|---------|
| New York |    2 |     184 |
| London   |    1 |      37 |
`,
  'orders/order-status-june.csv': `order,status,city
ord-2229,delivered,Paris
ord-2230,in transit,London
ord-2231,payment declined,Sydney
`,
  'docs/shipping-and-returns.md': `# Shipping and returns

Orders leave within a day. A return is free for 30 days; the refund follows within three days of its arrival.
`,
};

/**
 * Fills the folder when it does not exist yet. A folder that is there is left alone: what somebody deleted must not come
 * back, and what they changed must not be lost.
 */
export async function provideSampleFiles(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  for (const [name, text] of Object.entries(SAMPLES)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    // `wx`: another worker may be filling the same folder.
    await writeFile(path, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
