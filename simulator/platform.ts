/**
 * Durable Objects as the platform runs them, which is where the bugs hide:
 *
 *   output gate   what an object sends out (answers, calls, statements for D1) waits until all that it wrote before is
 *                 durable, which happens at a commit some time after the call
 *   crash         takes back what was not durable, with all that the gate kept; what was only in memory is gone
 *   eviction      an object idle for a while, without timers, leaves memory without notice
 *   superseded    an instance may run on beside its successor and answer what needs no write; no write of it succeeds
 *   alarm         at least once, late, again after a failure
 *
 * A host is one object's place: it outlives the instances, which come with the first call or alarm. It knows nothing of
 * what its object is for.
 */
import { Disk } from './disk.ts';
import { Instance, type ObjectClass, stateOf } from './instance.ts';
import type { Answer, Call, Network } from './network.ts';
import type { Profile } from './profile.ts';
import type { Process, Simulation } from './simulation.ts';
import type { Witness } from './witness.ts';

/** Past this without a call the platform may evict. */
const IDLE_MS = 10_000;

/** How long the platform waits before it repeats an alarm. */
const ALARM_RETRY_MS = 2_000;

export class Host {
  readonly name: string;
  readonly simulation: Simulation;
  readonly profile: Profile;
  readonly disk = new Disk();
  instance: Instance | null = null;
  /** The one before, where it still runs. */
  superseded: Instance | null = null;
  readonly #class: ObjectClass;
  readonly #network: Network;
  readonly #witness: Witness;
  readonly #environment: (process: Process) => Env;
  #lives = 0;
  #committing = false;
  #alarmPlannedMs: number | null = null;
  /** The instance whose alarm handler runs. */
  #ringing: Instance | null = null;

  constructor(
    name: string,
    objectClass: ObjectClass,
    network: Network,
    witness: Witness,
    environment: (process: Process) => Env,
  ) {
    this.name = name;
    this.#class = objectClass;
    this.#network = network;
    this.#witness = witness;
    this.#environment = environment;
    this.simulation = network.simulation;
    this.profile = network.profile;
  }

  /** A call has come. */
  async receive(call: Call): Promise<void> {
    const { simulation } = this;
    if (this.instance?.idle && simulation.nowMs - this.instance.lastCallMs > IDLE_MS && simulation.chance(0.7))
      this.evict();
    const instance = this.superseded && simulation.chance(0.3) ? this.superseded : await this.#start();
    instance.lastCallMs = simulation.nowMs;
    instance.unanswered.add(call);
    call.receivedAtMs = simulation.nowMs;
    simulation.count(`${call.method} calls`);
    simulation.tell(() => `${instance.name} gets ${call.method} ${JSON.stringify(call.argument)}`);
    const answer = (answered: Answer) => {
      simulation.tell(() => `${instance.name} answers ${call.method} ${told(answered)}`);
      this.#witness.answered(instance, call, answered);
      instance.emit(() => {
        instance.unanswered.delete(call);
        this.#witness.answerLeft(instance, call, answered);
        this.#network.answer(call, answered);
      });
    };
    await instance.run(() => {
      const method = instance.object[call.method];
      if (!method) throw new Error(`no method ${call.method}`);
      method.call(instance.object, call.argument).then(
        (value) => answer({ value }),
        // One that is behind may rightly find that others know what cannot be.
        (error) => answer({ error: instance.superseded ? new Error(`simulated: superseded, ${error}`) : error }),
      );
    });
  }

  async #start(): Promise<Instance> {
    if (this.instance) return this.instance;
    this.#lives += 1;
    const instance = new Instance(this, this.disk, this.#lives);
    this.instance = instance;
    this.simulation.tell(() => `${instance.name} starts, its clock ${instance.clockOffsetMs} ms off`);
    await instance.run(() => {
      instance.object = new this.#class(
        stateOf(instance),
        this.#environment(instance),
      ) as unknown as Instance['object'];
    });
    await this.#witness.started(instance);
    return instance;
  }

  /** Plans the next commit where something was written. */
  commitInTime(): void {
    if (this.#committing || !this.disk.dirty) return;
    this.#committing = true;
    this.simulation.after(this.simulation.random.mostlySmall(1, this.profile.commitMsMaxNow), () => this.commit());
  }

  commit(silently = false): void {
    this.#committing = false;
    if (!this.disk.dirty) return;
    this.disk.commit();
    this.simulation.tell(() => `${this.name} commits`);
    this.#witness.committed(this);
    this.instance?.openGate(silently);
    this.#witness.gateOpened(this);
    this.#planAlarm();
  }

  /** The machine dies: before its last writes were durable, or after it and before anybody heard of that. */
  crash(): void {
    if (!this.instance) return;
    this.simulation.count('crashes');
    if (this.disk.dirty) {
      this.simulation.count('crashes in a write');
      if (this.simulation.chance(0.3)) this.commit(true);
    }
    this.disk.lose();
    this.kill(this.instance, 'crash');
  }

  evict(): void {
    if (!this.instance?.idle) return;
    this.simulation.count('evictions');
    this.kill(this.instance, 'evicted');
  }

  /** Another instance starts while this one goes on. What this one has not made durable never will be. */
  async supersede(): Promise<void> {
    const { instance, simulation } = this;
    if (!instance || this.superseded) return;
    if (this.disk.dirty) {
      this.crash();
      return;
    }
    simulation.count('superseded instances');
    instance.disk = this.disk.image();
    instance.superseded = true;
    instance.endedAtMs = simulation.nowMs;
    this.superseded = instance;
    this.instance = null;
    this.#ringAgain(instance);
    simulation.tell(() => `${instance.name} is superseded`);
    simulation.after(simulation.random.mostlySmall(0, this.profile.supersededMsMax), () => {
      if (instance.alive) this.kill(instance, 'the end of a superseded instance');
    });
    await this.#start();
  }

  /** Ends an instance. Who waits for it hears of it, or does not. */
  kill(instance: Instance, why: string): void {
    this.simulation.tell(() => `${instance.name} ends: ${why}`);
    instance.end();
    instance.endedAtMs ??= this.simulation.nowMs;
    if (this.instance === instance) this.instance = null;
    if (this.superseded === instance) {
      this.superseded = null;
      instance.disk.close();
    }
    for (const call of instance.unanswered) this.#network.fail(call, 'the object was reset');
    this.#ringAgain(instance);
    this.#planAlarm();
  }

  #planAlarm(soonestMs = 0): void {
    const { alarmAtMs } = this.disk;
    if (alarmAtMs === null || alarmAtMs === this.#alarmPlannedMs || this.disk.dirty) return;
    this.#alarmPlannedMs = alarmAtMs;
    const lateMs = this.simulation.random.mostlySmall(0, this.profile.alarmLateMsMax);
    // By the clock of the machine that it runs on: one that is behind by minutes must not ring all that time.
    const clockMs = this.instance?.clock() ?? this.simulation.nowMs;
    this.simulation.after(Math.max(alarmAtMs - clockMs, soonestMs) + lateMs, () => {
      if (this.#alarmPlannedMs !== alarmAtMs) return;
      this.#alarmPlannedMs = null;
      // It was set to another time meanwhile, which is planned as well.
      return this.disk.alarmAtMs === alarmAtMs ? this.#ring() : undefined;
    });
  }

  async #ring(): Promise<void> {
    if (this.#ringing) return;
    const instance = await this.#start();
    this.#ringing = instance;
    this.disk.ring();
    this.simulation.count('alarms');
    this.simulation.tell(() => `${instance.name} gets its alarm`);
    await instance.run(() => {
      const { alarm } = instance.object;
      if (!alarm) throw new Error('an alarm is set, and nothing handles it');
      alarm.call(instance.object, undefined).then(
        () => {
          if (this.#ringing !== instance) return;
          this.#ringing = null;
          this.disk.rang(false);
        },
        (error) => {
          this.#ringAgain(instance);
          instance.failed(error);
        },
      );
    });
  }

  /** An alarm whose handler this instance did not finish comes again. */
  #ringAgain(instance: Instance): void {
    if (this.#ringing !== instance) return;
    this.#ringing = null;
    this.disk.rang(true);
    this.#planAlarm(ALARM_RETRY_MS);
  }
}

function told(answer: Answer): string {
  if ('error' in answer) return String(answer.error);
  return JSON.stringify(answer.value, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
