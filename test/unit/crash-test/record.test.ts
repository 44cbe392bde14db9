import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RecordReader } from '../../../src/cli/crash-test/record.js';
import { appendLine, type CallLine } from '../../../src/servers/recording-proxy/record.js';

async function emptyRecord() {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-record-'));
  const path = join(folder, 'record.jsonl');
  const reader = new RecordReader(path);
  onTestFinished(async () => {
    reader.close();
    await rm(folder, { recursive: true });
  });
  return { path, reader };
}

const call = (id: string): CallLine => ({
  kind: 'call',
  id,
  server: 'shop',
  tool: 'charge',
  args: { cents: 5 },
  run: 'r',
});
const idsOf = (reader: RecordReader) => reader.run('r').calls.map(({ id }) => id);

it('reads on behind a line whose writer was killed in the middle of it', async () => {
  const { path, reader } = await emptyRecord();
  appendLine(path, call('before'));
  await appendFile(path, `\n${JSON.stringify(call('torn')).slice(0, 40)}`);
  expect(idsOf(reader)).toEqual(['before']);
  appendLine(path, call('after'));
  expect(idsOf(reader)).toEqual(['before', 'after']);
});

it('takes a line that it has met in two halves', async () => {
  const { path, reader } = await emptyRecord();
  const line = `\n${JSON.stringify(call('whole'))}\n`;
  await appendFile(path, line.slice(0, 30));
  expect(idsOf(reader)).toEqual([]);
  await appendFile(path, line.slice(30));
  expect(idsOf(reader)).toEqual(['whole']);
});
