/**
 * Sends a process's traces to where OTEL_EXPORTER_OTLP_ENDPOINT says, by OTLP over HTTP. The SDK is not ours to bring: who
 * wants traces installs three packages, and whoever has an SDK of their own registers that instead, and needs nothing of this.
 */
import { context, DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api';
import { SwitchyardError } from '../../errors.js';
import type { Logger } from '../../ports.js';

export interface TraceExport {
  /** Sends what is left. Never rejects, and takes at most 2 s. */
  close(): Promise<void>;
}

const SDK = '@opentelemetry/sdk-trace-node@2 @opentelemetry/resources@2 @opentelemetry/exporter-trace-otlp-http@0.223';

/** After that a collector that does not answer is left behind: a worker's end must not wait for it. */
const CLOSE_MS = 2_000;

type Sdk = Pick<typeof import('@opentelemetry/sdk-trace-node'), 'BatchSpanProcessor' | 'NodeTracerProvider'> &
  Pick<typeof import('@opentelemetry/exporter-trace-otlp-http'), 'OTLPTraceExporter'> &
  Pick<typeof import('@opentelemetry/resources'), 'resourceFromAttributes'>;

/** A collector that is away is told of once in this time, not with every batch. */
const SAY_AGAIN_MS = 60_000;

/**
 * Undefined where nobody asked for traces, or something is missing, which is then said in one line.
 * @throws SwitchyardError INVALID_CONFIG for an endpoint that is none
 */
export async function exportTraces(
  env: NodeJS.ProcessEnv,
  service: string,
  log: Logger,
  load: () => Promise<Sdk> = loadSdk,
): Promise<TraceExport | undefined> {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || tracesUnder(env.OTEL_EXPORTER_OTLP_ENDPOINT);
  if (!endpoint || env.OTEL_SDK_DISABLED === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return undefined;
  assertEndpoint(endpoint);
  const sdk = await load().catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    log.warn({}, `OTEL_EXPORTER_OTLP_ENDPOINT is set, and no traces are sent: npm install ${SDK}`);
    return undefined;
  });
  if (!sdk) return undefined;
  sayWhatFails(endpoint, log);
  const { BatchSpanProcessor, NodeTracerProvider, OTLPTraceExporter, resourceFromAttributes } = sdk;
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': env.OTEL_SERVICE_NAME || service,
      'service.instance.id': String(process.pid),
      ...resourceAttributes(env.OTEL_RESOURCE_ATTRIBUTES),
    }),
    // Headers and time limits are the exporter's to read from the environment.
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: endpoint }))],
  });
  provider.register();
  return {
    async close() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      trace.disable();
      context.disable();
      propagation.disable();
      diag.disable();
    },
  };
}

async function loadSdk(): Promise<Sdk> {
  const [node, exporter, resources] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  return { ...node, ...exporter, ...resources };
}

/** The SDK's own words may repeat what the address holds; a person needs to know no more than that. */
function sayWhatFails(endpoint: string, log: Logger): void {
  const { origin } = new URL(endpoint);
  let quietUntil = 0;
  const failed = () => {
    if (Date.now() < quietUntil) return;
    quietUntil = Date.now() + SAY_AGAIN_MS;
    log.warn({ collector: origin }, 'traces could not be sent; the work goes on without them');
  };
  const quiet = () => {};
  diag.setLogger(
    { error: failed, warn: quiet, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
}

function tracesUnder(base: string | undefined): string | undefined {
  return base ? `${base.replace(/\/$/, '')}/v1/traces` : undefined;
}

function assertEndpoint(endpoint: string): void {
  if (URL.canParse(endpoint) && /^https?:/.test(endpoint)) return;
  throw new SwitchyardError(
    'INVALID_CONFIG',
    `OTEL_EXPORTER_OTLP_ENDPOINT is "${endpoint}": give the address of a collector, such as http://127.0.0.1:4318`,
  );
}

/** `key=value,key=value`, values as in a URL. */
function resourceAttributes(text = ''): Record<string, string> {
  const pairs = text.split(',').flatMap((pair) => {
    const [key, value] = pair.split('=', 2).map((part) => part.trim());
    return key && value ? [[key, decodeURIComponent(value)] as const] : [];
  });
  return Object.fromEntries(pairs);
}
