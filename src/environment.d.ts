/** The one declaration of what wrangler.toml, secrets and .dev.vars bind. */
declare namespace Cloudflare {
  interface Env {
    DB: D1Database;
    /** The web app's files, where the platform does not serve them before the Worker: in local builds. */
    DASHBOARD?: Fetcher;
    /** Of the deployment that runs. */
    VERSION: WorkerVersionMetadata;
    /** Further databases for usage (src/usage/databases.ts). */
    [usageDatabase: `USAGE_DB_${string}`]: D1Database | undefined;
    MEMBER_BUDGET: DurableObjectNamespace<import('../durable-objects/member-budget.ts').MemberBudget>;
    ORG_WALLET: DurableObjectNamespace<import('../durable-objects/org-wallet.ts').OrgWallet>;
    PROVIDER_HEALTH: DurableObjectNamespace;
    AUDIT_ANCHOR: DurableObjectNamespace<import('../durable-objects/audit-anchor.ts').AuditAnchor>;
    SIGN_IN_THROTTLE: DurableObjectNamespace;
    RECORDED_ANSWERS: DurableObjectNamespace<import('../durable-objects/recorded-answer.ts').RecordedAnswer>;
    VIDEO_JOBS: DurableObjectNamespace<import('../durable-objects/video-job.ts').VideoJob>;
    STORED_RESPONSES: DurableObjectNamespace<import('../durable-objects/stored-response.ts').StoredResponse>;
    /** Secret under which keys are tagged. */
    KEY_SECRET: string;
    /** What the operator's commands present; without it (32 characters or more) there are no operator routes. */
    OPERATOR_SECRET?: string;
    /** What a scraper of /metrics presents; without it (32 characters or more) there is no such route. */
    METRICS_TOKEN?: string;
    /** Secret under which organizations' own provider keys are sealed (32 characters or more); without it there are none. */
    PROVIDER_KEY_SECRET?: string;
    /** The one before, while `npm run purser -- reseal-provider-keys` has yet to seal all anew. */
    PROVIDER_KEY_SECRET_PREVIOUS?: string;
    /** Of the operator's account at Stripe; without it payments are recorded by hand. */
    STRIPE_SECRET_KEY?: string;
    /** Of the webhook endpoint there; without it none of its events is taken. */
    STRIPE_WEBHOOK_SECRET?: string;
    /** In place of https://api.stripe.com, for tests. */
    STRIPE_API_BASE?: string;
    OPENAI_API_KEY?: string;
    /** With its /v1, as the official client has it. */
    OPENAI_BASE_URL?: string;
    ANTHROPIC_API_KEY?: string;
    /** Without a version, as the official client has it. */
    ANTHROPIC_BASE_URL?: string;
    /** These speak OpenAI's protocol; each base URL with its version, as the provider's own documents have it. */
    CEREBRAS_API_KEY?: string;
    CEREBRAS_BASE_URL?: string;
    GROQ_API_KEY?: string;
    GROQ_BASE_URL?: string;
    OPENROUTER_API_KEY?: string;
    OPENROUTER_BASE_URL?: string;
    MISTRAL_API_KEY?: string;
    MISTRAL_BASE_URL?: string;
    AZURE_API_KEY?: string;
    /** The resource's: https://<resource>.openai.azure.com/openai/v1, or without /v1 where AZURE_API_VERSION is set. */
    AZURE_BASE_URL?: string;
    AZURE_API_VERSION?: string;
    /** Of AI Studio. */
    GOOGLE_API_KEY?: string;
    /** Without a version, as the official client has it. */
    GOOGLE_BASE_URL?: string;
    /** A service account's key file, as JSON; or an access token, which lives for an hour at most. */
    VERTEX_SERVICE_ACCOUNT?: string;
    VERTEX_ACCESS_TOKEN?: string;
    /** That of the service account, where it is not given. */
    VERTEX_PROJECT?: string;
    /** As in `europe-west1`; `global` where it is not given. */
    VERTEX_REGION?: string;
    /** In place of the region's own; without a version. */
    VERTEX_BASE_URL?: string;
    /** Of Amazon Bedrock; all but the session token are needed. */
    AWS_ACCESS_KEY_ID?: string;
    AWS_SECRET_ACCESS_KEY?: string;
    /** Of temporary credentials. */
    AWS_SESSION_TOKEN?: string;
    AWS_REGION?: string;
    /** In place of the region's own. */
    AWS_BASE_URL?: string;
    /** After so much silence a provider is taken for dead; 300 where it is not given. */
    UPSTREAM_IDLE_SECONDS?: string;
    /** The longest that an answer may take; a day where it is not given. */
    UPSTREAM_TOTAL_SECONDS?: string;
    /** Where calls to providers leave, if not by the Worker's own fetch: an egress Worker, say, or a private network. */
    EGRESS?: Fetcher;
    /** '1' lets provider URLs point to this machine; set by `npm start`, never in a deployment. */
    ALLOW_LOOPBACK_UPSTREAMS?: string;
    /** '1' lets anybody sign up; else only who is invited may, and the first owner with the set-up code. */
    OPEN_SIGN_UP?: string;
    /** The plan of new organizations: free, pro, or (by default) enterprise. */
    DEFAULT_PLAN?: string;
    /** Both of a provider turn on signing in with it; its callback is `<origin>/auth/callback/google` or `/github`. */
    GOOGLE_CLIENT_ID?: string;
    GOOGLE_CLIENT_SECRET?: string;
    GITHUB_CLIENT_ID?: string;
    GITHUB_CLIENT_SECRET?: string;
    /** Both turn on mail; MAIL_FROM is an address of a domain that Resend knows as yours. */
    RESEND_API_KEY?: string;
    MAIL_FROM?: string;
    /** Another address of that API, as for a proxy. */
    RESEND_BASE_URL?: string;
    /** Under `npm start`: the process that writes mails to files. */
    OUTBOX?: Fetcher;
    /** Who sends bills (src/billing/seller.ts): without the first three there are none. Lines of the address are parted by line ends or `|`. */
    SELLER_NAME?: string;
    SELLER_ADDRESS?: string;
    /** Two letters, or its English name. */
    SELLER_COUNTRY?: string;
    SELLER_TAX_ID?: string;
    SELLER_EMAIL?: string;
    /** A tax on top of every charge: its name, and how many percent. */
    SELLER_TAX_NAME?: string;
    SELLER_TAX_PERCENT?: string;
    /** '1': a buyer in another country who has a tax id owes it instead. */
    SELLER_REVERSE_CHARGE?: string;
    /** In which documents' days and years are counted; UTC where it is not given. */
    SELLER_TIME_ZONE?: string;
    /** A PNG or JPEG in base64, and the colour of rules, as #1a73e8. */
    SELLER_LOGO?: string;
    SELLER_COLOUR?: string;
    /** 'off': no line is logged for a request. */
    REQUEST_LOG?: string;
    /** Shortens the life of holds in tests; the fence scales with it. */
    HOLD_TTL_MS?: string;
  }
}

type Env = Cloudflare.Env;
