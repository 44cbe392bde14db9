/** Switchyard in a NestJS application: injected by `SWITCHYARD`, its workers started and stopped with the application. */
import { type DynamicModule, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Switchyard, type SwitchyardOptions, switchyard, type Workers, type WorkersOptions } from 'switchyard-mq';

export const SWITCHYARD = Symbol('Switchyard');

/** `app.enableShutdownHooks()` makes SIGTERM end in `onApplicationShutdown`: active jobs end, or are put back. */
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

@Module({})
export class SwitchyardModule {
  /** @param options those of `switchyard()`; `workers: false` for an application that only starts runs */
  static forRoot(options: SwitchyardOptions & { readonly workers?: WorkersOptions | false }): DynamicModule {
    const { workers } = options;
    const lifecycle = (sy: Switchyard) =>
      new SwitchyardLifecycle(sy, workers === false ? undefined : sy.workers(workers));
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
}
