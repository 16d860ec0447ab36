/** D1 that fails where a test says so: before a call, after it, or in the middle of a batch. */

export type Fault = 'refused' | 'answer lost' | 'broken off';

class Injected extends Error {}

/** Asked before each call with all of its SQL. */
export type Choice = (sql: string) => Fault | null;

const SQL = Symbol('sql');

export function failingD1(db: D1Database, choose: Choice): D1Database {
  const failing = async <T>(sql: string, call: () => Promise<T>, brokenOff: () => Promise<T>): Promise<T> => {
    const fault = choose(sql);
    if (fault === 'refused') throw new Injected(`D1 is away: ${sql}`);
    if (fault === 'broken off') return brokenOff();
    const answer = await call();
    if (fault === 'answer lost') throw new Injected(`the answer is lost: ${sql}`);
    return answer;
  };
  const wrap = (sql: string, statement: D1PreparedStatement): D1PreparedStatement => {
    const { bind, first, all, run } = statement;
    const alone = <T>(call: () => Promise<T>) =>
      failing(sql, call, () => Promise.reject(new Injected(`D1 has broken off: ${sql}`)));
    return Object.assign(statement, {
      [SQL]: sql,
      bind: (...values: unknown[]) => wrap(sql, bind.apply(statement, values)),
      first: (...column: []) => alone(() => first.apply(statement, column)),
      all: () => alone(() => all.apply(statement)),
      run: () => alone(() => run.apply(statement)),
    });
  };
  const over = (session: D1Database | D1DatabaseSession) => ({
    prepare: (sql: string) => wrap(sql, session.prepare(sql)),
    batch: (statements: (D1PreparedStatement & { [SQL]?: string })[]) =>
      failing(
        statements.map((statement) => statement[SQL]).join(';\n'),
        () => session.batch(statements),
        () => session.batch([...statements, session.prepare("SELECT json('broken off')")]),
      ),
  });
  const withSession = (constraint?: string) => over(db.withSession(constraint)) as unknown as D1DatabaseSession;
  return { ...over(db), withSession } as unknown as D1Database;
}
