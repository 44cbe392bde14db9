/** Switchyard in a NestJS application: injected by `SWITCHYARD`, its workers started and stopped with the application. */
import type { DynamicModule, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { type Switchyard, type SwitchyardOptions, switchyard, type Workers, type WorkersOptions } from 'switchyard-mq';

export const SWITCHYARD = Symbol('Switchyard');

/** `app.enableShutdownHooks()` makes SIGTERM end here: active jobs end, or are put back. */
class SwitchyardLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly sy: Switchyard,
    private readonly workers: Workers | undefined,
  ) {}
  async onApplicationBootstrap() {
    await (this.workers?.start() ?? this.sy.ready());
  }
  async onApplicationShutdown() {
    await this.workers?.stop();
    await this.sy.close();
  }
}

class SwitchyardModule {}

/** @param workers `false` for an application that starts runs and leaves the work to others */
export function switchyardModule(options: SwitchyardOptions, workers: WorkersOptions | false = {}): DynamicModule {
  const lifecycle = (sy: Switchyard) => new SwitchyardLifecycle(sy, workers ? sy.workers(workers) : undefined);
  return {
    module: SwitchyardModule,
    global: true,
    providers: [
      { provide: SWITCHYARD, useFactory: () => switchyard(options) },
      { provide: SwitchyardLifecycle, useFactory: lifecycle, inject: [SWITCHYARD] },
    ],
    exports: [SWITCHYARD],
  };
}
