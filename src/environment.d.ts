/** The one declaration of what wrangler.toml, secrets and .dev.vars bind. */
declare namespace Cloudflare {
  interface Env {
    DB: D1Database;
    MEMBER_BUDGET: DurableObjectNamespace<import('../durable-objects/member-budget.ts').MemberBudget>;
    ORG_WALLET: DurableObjectNamespace<import('../durable-objects/org-wallet.ts').OrgWallet>;
    PROVIDER_HEALTH: DurableObjectNamespace;
    AUDIT_ANCHOR: DurableObjectNamespace<import('../durable-objects/audit-anchor.ts').AuditAnchor>;
    RECORDED_ANSWERS: DurableObjectNamespace<import('../durable-objects/recorded-answer.ts').RecordedAnswer>;
    /** Secret under which keys are tagged. */
    KEY_SECRET: string;
    /** What the operator's commands present; without it (32 characters or more) there are no operator routes. */
    OPERATOR_SECRET?: string;
    OPENAI_API_KEY?: string;
    /** With its /v1, as the official client has it. */
    OPENAI_BASE_URL?: string;
    /** '1' lets provider URLs point to this machine; set by `npm start`, never in a deployment. */
    ALLOW_LOOPBACK_UPSTREAMS?: string;
    /** Shortens the life of holds in tests; the fence scales with it. */
    HOLD_TTL_MS?: string;
  }
}

type Env = Cloudflare.Env;
