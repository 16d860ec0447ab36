/**
 * Every size, rate and time that decides something, with its why. Code reads them from here and so do the tests.
 */

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/**
 * What can be asked for: sizes, lengths, counts. docs/limits.md shows these, and a test that it shows them as they are.
 */
const ASKED = {
  /** Far above any body of the management API, far below what would burden a Worker. */
  apiBodyBytesMax: 64 * 1024,
  /** Larger than any context window's text; a Worker has 128 MB of memory in all. */
  requestBytesMax: 16 * 1024 * 1024,
  /** A form with a recording or images: what OpenAI takes of a recording, and its fields. */
  formBytesMax: 26 * 1024 * 1024,
  /** Images made by one request: more are asked for by more requests, each with its own hold. */
  imagesMax: 8,
  /** As OpenAI has it. */
  imagesGivenMax: 16,
  /** Texts of one request for embeddings or moderation, as OpenAI has it. */
  inputsMax: 2_048,
  /** As Cohere has it. */
  rerankDocumentsMax: 1_000,
  /** Text to be read aloud, as OpenAI has it. */
  speechLengthMax: 4_096,
  /** Pages of one document, as Mistral has it. */
  ocrPagesMax: 1_000,
  /** Seconds of one video: several times what any model makes at once. */
  videoSecondsMax: 120,
  /** Idempotency-Keys are UUIDs and the like; more is a mistake. */
  idempotencyKeyLengthMax: 255,
  /** Longer than any model's name at any provider. */
  modelLengthMax: 200,
  /** Answers to one request: each is held for as long as the longest, and none of the tools that people use asks for more. */
  choicesMax: 8,
  /** As Google's has it: of a model's candidates. */
  candidatesMax: 8,
  /** Uses of the tools that a provider runs itself (searches): far more than it makes in one answer. */
  toolUsesMax: 100,
  /** The same where the client sets no cap: each use is one more reading of the whole context that the hold must cover. */
  toolUsesDefault: 3,
  /** Of a request, as Google's JSON parsers have it: no schema is half as deep, and who reads a body goes down it by recursion. */
  jsonDepthMax: 100,

  /** Of a list at once: as many as a person looks through, and some 100 KB. */
  pageMax: 100,
  /** Where nothing is said. */
  pageDefault: 50,
  /** The same of Google's list of models, as Google has it. */
  googlePageMax: 1_000,
  /** Names are for people to read in a list; what they search for in one is no longer. */
  nameLengthMax: 100,
  /** Ids have 20 characters: a longer text is none, and need not be looked up. */
  idLengthMax: 100,
  /** An amount as text: 999999.99 and its kind have nine. */
  amountLengthMax: 20,
  /** As RFC 5321 has it. */
  emailLengthMax: 254,
  /** The longest name in the IANA database has some 30 characters. */
  timeZoneLengthMax: 100,
  /** Of mailed links and set-up codes: ours have 32 characters at most, those of the sign-in library some more. */
  linkTokenLengthMax: 500,
  /** A line of an invoice's head, or two. */
  billingNameLengthMax: 200,
  /** Some lines of an invoice's head. */
  billingAddressLengthMax: 500,
  /** The longest name of a country has some 60 characters. */
  billingCountryLengthMax: 100,
  /** The longest tax number of any country has some 20 characters. */
  billingTaxIdLengthMax: 50,

  /** People and programs of one organization: far beyond any real one, a bound for all that is listed. */
  membersPerOrganizationMax: 10_000,
  /** Organizations that one person owns: far more than anybody looks after. */
  organizationsOwnedMax: 20,
  /** Projects that one member is granted. */
  grantsPerMemberMax: 500,
  /** Lines of one CSV of invitations: a large team in two goes, and few enough to mail behind one answer. */
  invitationsAtOnceMax: 100,
  /** More projects than a large company has teams; each is a line in lists that people choose from. */
  projectsMax: 1_000,
  /** Active ones, as a budget may bound them: more than any plan gives a whole organization. */
  apiKeysPerMemberMax: 10_000,
  /** Active or not, until they are deleted: more than a plan has active, and with their rules one policy still, a value of at most 2 MB. */
  apiKeysKeptPerMemberMax: 600,
  /** A playground key is made when one is needed, so it need only outlive a conversation's pauses; one that leaks is soon worthless. */
  playgroundKeyMs: 10 * MINUTE_MS,
  /** Browser tabs in which one member has a playground open; the oldest key ends for one more. */
  playgroundKeysMax: 20,
  /** More programs than manage any organization. */
  masterKeysMax: 50,
  /** Devices and spare keys of one person. */
  passkeysMax: 20,
  /** Requests for more budget that a member may have open: one for each limit and one to spare. Each mails those who decide. */
  budgetRequestsOpenMax: 3,
  /** What is asked, and why it was declined, in a few lines. */
  budgetNoteLengthMax: 500,
  /** Extras of one member in force at once: they are part of a policy, and are summed with each admission. */
  grantsInForceMax: 20,
  /** Thresholds of an organization, and a member's own: more would be mail that nobody reads. */
  budgetWarningsMax: 5,

  /** Provider keys of one organization: one for each provider, twice over. All of them are part of every member's policy. */
  providerKeysMax: 20,
  /** A service account of Google is a JSON of some 2,400 characters; all others are far shorter. */
  providerSecretLengthMax: 8_000,
  /** A host and a path. */
  baseUrlLengthMax: 300,
  /** A region, a project, a version: one word. */
  providerSettingLengthMax: 100,
  /** What an organization's own provider is called in names of models: `<custom>/<model>`. */
  customProviderLengthMax: 40,
  /** Models of one custom provider: more than anybody serves by themselves. */
  customModelsMax: 50,
  /** In one list of a routing: there are not so many providers. */
  routingEntriesMax: 20,
  /** The routings of 600 projects, the most that one member's keys are of, fit into one policy beside the rules of those keys. */
  routingLengthMax: 600,
  /** All provider keys of an organization, sealed and with their models, in characters: they travel to Workers in one answer. */
  providerKeysLengthMax: 64_000,
  /** A model, a provider, an endpoint or a range of addresses, of which the longest names have some 60 characters. */
  ruleEntryLengthMax: 100,
  /** In one list of a rule: past this a name with a `*` at its end says it better. */
  ruleEntriesMax: 100,
  /** The rules of 600 keys, the most that a member has, fit beside all else into one policy, a value of at most 2 MB. */
  rulesLengthMax: 2_000,
  /** One object takes some 1,000 calls a second: a throttle above 60,000 a minute would never act. */
  requestsPerMinuteMax: 60_000,
  /** So many requests of some 16,000 tokens each: more than any provider gives one customer. */
  tokensPerMinuteMax: 1_000_000_000,
  /** Each request in flight is a row and a place in one object's memory; a person's tools run dozens. */
  concurrencyMax: 10_000,

  /** Shorter passwords are guessed. */
  passwordLengthMin: 10,
  /** No passphrase is longer, and a hash takes no longer for it. */
  passwordLengthMax: 128,
  /** Tries to sign in within a minute, for an address and for an account: a person never needs more, a guesser would. */
  signInTriesPerMinute: 10,
  /** Mails that strangers can have sent to one address within an hour: enough for one who finds no mail, no flood. */
  signInMailsPerHour: 5,

  /** A year and a day, so that a leap year fits. */
  analyticsDaysMax: 366,
  /** Of a file of requests: some MB, read in one go; more is in the next. */
  requestsCsvRowsMax: 5_000,
  /** Attempts of one request that are shown one by one: a client that gives all its requests one id has more. */
  requestAttemptsMax: 100,
  /** Hourly rows get long fast. */
  analyticsHourlyDaysMax: 31,
  /** Rows of a breakdown beside `Other`: as many as a chart can tell apart, and then some. */
  analyticsGroupsDefault: 25,
  /** As many as there can be active keys: a table of all of them. */
  analyticsGroupsMax: 500,
  /** Days or hours that an export reads at once, so that it holds a part of its file at a time. */
  analyticsExportSpans: 31,
  /** Usage events that one budget simulation replays at most: some 10 s of pages, and what waits for corrections fits into memory. */
  simulationEventsMax: 500_000,
  /** Told one by one; the rest is counted. */
  simulationRefusalsMax: 100,
  /** Verified while somebody waits: some seconds of a Worker. A longer log is exported and verified offline. */
  auditVerifyEntriesMax: 500_000,
  /** Browsers that a person is shown as signed in, the last used first. */
  sessionsShownMax: 100,
  /** Lines of a statement as PDF, some 40 a page: nobody prints more, and a Worker makes them in some seconds. CSV and JSON have all. */
  statementPdfLinesMax: 5_000,
  /** Nanodollars that a wallet holds at most: what JavaScript counts exactly, less what is refunded and spent at the same time. */
  walletBalanceMax: 9_000_000 * 1_000_000_000,
  /** Entries that a wallet shows: years of monthly top-ups. */
  walletEntriesMax: 100,
  /** The least credit that is bought at once, in cents: below it what moving money costs is a large part of it. */
  topUpCentsMin: 500,
  /** One charge is less than this, before taxes and in whole units of its currency. */
  chargeMax: 1_000_000,
  /** The longest line of an invoice, and what a payment is called elsewhere. */
  billingTextLengthMax: 200,
  /** Transactions in one file: some 2 MB; more is in the next. */
  transactionsCsvRowsMax: 5_000,
  /** Documents in one ZIP: each takes some 20 ms, and a Worker has 30 s. */
  zipDocumentsMax: 500,
  /** The health of the books tells of so many members at most, those that differ first. */
  booksShownMax: 1_000,
} as const;

export const LIMITS = {
  ...ASKED,

  /** A backfill makes the sums of a day right in a few seconds, and goes on every five minutes. */
  statementRetrySeconds: 300,

  /** A hold lives this long past its last renewal. The Worker cancels upstream before it ends, so a live stream never loses its hold. */
  holdTtlMs: 60 * SECOND_MS,
  /** The object waits as long again before it charges a silent hold: clocks differ and a settle may still be on its way. */
  holdGraceMs: 60 * SECOND_MS,
  /** Four renewals fit into one ttl, so three may be lost in a row. */
  holdRenewMs: 15 * SECOND_MS,
  /** An authorize older than this was given up by its Worker long ago: granting it would leak a hold. */
  authorizeAgeMsMax: 2 * MINUTE_MS,
  /** A resolved hold is remembered this long (and until it is shipped), so that a late repeat changes nothing. */
  tombstoneMs: 15 * MINUTE_MS,

  /** A hold younger than this lives in memory: most attempts are over by then, and never need a row of their own. */
  youngHoldMsMax: 5 * SECOND_MS,
  /** A larger hold than this part of what is left is a row: what a crash turns into a ghost must not block a member. */
  youngHoldShareMax: 1 / 20,
  /** The ceiling is raised for so many more holds like the one that needs it: one durable write admits them all. */
  ceilingHoldsAhead: 16,
  /** Settlements wait this long for others, so that one durable write takes them all. Nothing but their event waits with them. */
  gatherMs: 250,
  /**
   * So long where nobody waits for the answer: the settlement travelled with another request, and its own can send it again. What
   * is gathered is lost only where Worker and object end at once, and is then charged by expiry.
   */
  gatherCarriedMs: 3_000,
  /** So many at once do not wait. */
  gatherMax: 128,
  /** A settlement waits this long for a request of its member to take it along, and only where they come as often. */
  carryMs: 200,
  /** What was taken along and is not known to be written by then is asked for: gatherCarriedMs, and a second for the next request. */
  carryConfirmMs: 4_000,
  /** Who looks after what is carried leaves after this long: the platform ends what a request leaves behind it after 30 s. */
  keepMs: 10 * SECOND_MS,
  /** So many travel with one request. */
  carriedMax: 64,
  /** Members that an isolate remembers having asked for; beyond that it forgets those of whom nothing travels. */
  carrierMembersMax: 10_000,
  /** A ticket of an earlier life of its object is honoured so long: shorter than its tombstone would be kept. */
  claimAgeMsMax: 10 * MINUTE_MS,

  /** The first slice of a stream: small enough to start with little left, large enough for most short answers. */
  sliceTokensMin: 256,
  /** Slices double up to here: at 100 tokens a second one extension every 40 s. */
  sliceTokensMax: 4_096,
  /** What a provider may still make before it notices a cancel; it stays inside the hold. */
  tailTokens: 64,
  /** Of a small hold the tail is at most this part, so that the last tokens of a budget are of use: 256 tokens have it whole. */
  tailShareMax: 1 / 4,
  /** The fewest bytes that a second of a recording is taken to have: a third of what the leanest codec for speech needs. */
  recordingBytesPerSecondMin: 250,
  /** The same of MP3: 8 kbit/s, the least that its frames can say. */
  mp3BytesPerSecondMin: 1_000,
  /** A shorter answer is of no use to anybody, and providers refuse a smaller cap. */
  outputTokensMin: 16,
  /** Of the text by which a provider tells its model of a tool of its own: some thousand, rounded up. */
  providerToolTokensMax: 10_000,
  /**
   * What a dearer service tier costs that nobody asked for, in percent of the standard price: the most that OpenAI takes of any
   * model for priority (GPT-5.5; others 167 to 200), since no table of prices has the tiers of each.
   */
  dearerTierPercent: 250,
  /** The platform ends everything 30 s after a disconnect; settling must have given up by then. */
  settleGiveUpMs: 28 * SECOND_MS,
  /** Admission fails closed after this: a caller rather hears 503 soon than waits. */
  admissionTimeoutMs: 5 * SECOND_MS,

  /** Until then a stream's status is the provider's own; after it the client gets 200 and comments, so that no proxy on the way gives up. */
  firstByteMsMax: 15 * SECOND_MS,
  /** One comment in each such silence keeps idle connections open. */
  pingMs: 15 * SECOND_MS,
  /** A provider that sends nothing for this long is taken for dead. */
  upstreamIdleMsMax: 5 * MINUTE_MS,
  /** A provider that trickles for ever is ended after this; no answer takes so long. */
  upstreamTotalMsMax: DAY_MS,
  /** A client that takes nothing of its stream for this long is taken for gone: what it holds, others may be waiting for. */
  clientIdleMsMax: 5 * MINUTE_MS,

  /** A count of tokens is asked for before a request that somebody waits for: a guess in time is better than a late count. */
  countTokensMsMax: 15 * SECOND_MS,

  /** Providers that one request is tried at: after so many failures it is the request, or the world. */
  attemptsMax: 3,
  /** A provider that is the only one is asked again after about so long: most failures of a moment are over by then. */
  retryPauseMs: 250,

  /** After a hang-up a whole answer, or the near end of a stream, is waited for this long: what is billed is then known, not guessed. */
  drainMs: 15 * SECOND_MS,
  /** The largest whole answer that is read into memory. */
  answerBytesMax: 32 * 1024 * 1024,

  /** A video is asked for at its provider so soon after it began, and then after twice as long each time... */
  videoPollMsMin: 2 * SECOND_MS,
  /** ...up to this: a video takes minutes, and whoever waits for it asks about as often. */
  videoPollMsMax: 10 * SECOND_MS,
  /** A provider that does not say in this time how a video is, is asked again. */
  videoCallMsMax: 15 * SECOND_MS,
  /** A provider that has not said for so long how a video is will not say it: longer than most outages. */
  videoSilenceMsMax: HOUR_MS,
  /** No provider takes a tenth of this for one video; one that is not done by then has forgotten it. */
  videoMsMax: 6 * HOUR_MS,
  /** A cancel that a provider did not take is tried so often; what it costs was charged whatever becomes of it. */
  videoCancelTriesMax: 5,
  /** A settlement or a cancel that failed is tried again after this, and then after twice as long each time... */
  videoRetryMsMin: SECOND_MS,
  /** ...up to this. */
  videoRetryMsMax: MINUTE_MS,
  /** What became of a video is told for so long; most providers keep it a day. */
  videoKeepMs: 30 * DAY_MS,

  /** Keys that an isolate remembers as well made: far more than call it in a minute, a few hundred KB. */
  checkedKeysMax: 2_000,
  /** Throttles remember the last minute in parts of this length: a request waits at most so much longer than it had to. */
  throttlePartMs: SECOND_MS,
  /** When to come back is not known of a request in flight; most answers, or their first slice, are done by then. */
  concurrencyRetryMs: SECOND_MS,
  /** A request that comes again within this time under its Idempotency-Key is answered from the record. */
  replayKeepMs: DAY_MS,
  /** An answer waits so long for its record before its end goes out; recording goes on behind it. */
  recordBeforeAnswerMs: 2 * SECOND_MS,
  /** The largest answer that is recorded: one value in an object's storage holds 2 MB. */
  replayBytesMax: 1024 * 1024,
  /** A response that is not asked not to be is kept so long, to be asked for and to be gone on from. */
  responseKeepMs: 30 * DAY_MS,
  /** The largest conversation that is kept, its answer included: what may be sent at once, and some more. */
  responseBytesMax: 20 * 1024 * 1024,
  /** It lies in values of this size: one value in an object's storage holds 2 MB. */
  responseSliceBytes: 1024 * 1024,
  /** The items of so many responses may be named by their ids: each is read, though the newest mostly has what all others have. */
  referencedResponsesMax: 16,
  /** A provider's error page is read this far to find its message. */
  upstreamErrorBytesMax: 64 * 1024,
  /** An access token is not used in its last minute: the call has to reach the provider before it ends. */
  accessTokenSpareMs: MINUTE_MS,
  /** Access tokens that an isolate keeps: one for each service account that is in use there. */
  accessTokensMax: 100,
  /**
   * One event of a stream is text of a few tokens, or a whole picture as Gemini sends it: one of 2K is up to 8 MB of PNG, in
   * base64 a third more. Read, parsed and passed on, an event takes some four times its size at once: with this some 50 MB of
   * the 128 that an isolate has. Past it a provider is broken or hostile.
   */
  streamEventBytesMax: 12 * 1024 * 1024,
  /** A message of AWS's event stream, which carries text alone: 4 MB in base64, with headers and padding around it. */
  awsMessageBytesMax: 6 * 1024 * 1024,

  /** Usage events wait this long to travel together: one alarm and one D1 transaction for all of them. */
  shipDelayMs: 5 * SECOND_MS,
  /** A member that is never idle ships no more often than this, unless shipRowsMax wait: each shipment is two durable writes and a D1 transaction. */
  shipEveryMs: 15 * SECOND_MS,
  /** So many waiting events travel at once without waiting. */
  shipRowsMax: 500,
  /** After a failed shipment the next try doubles from shipDelayMs up to this. */
  shipRetryMsMax: 5 * MINUTE_MS,
  /** Kinds of refusal counted between two shipments; what a caller invents beyond that is not counted. */
  refusalKindsMax: 200,
  /** Of each of them so many are kept with what refused them: what somebody who looks into it needs, and 300 KB for all kinds at most. */
  refusalsKeptMax: 5,

  /** A period of a scope without limit is remembered this long, so that a limit set today knows the last month. */
  windowHistoryMs: 31 * DAY_MS,

  /** A Worker asks the health object about a provider at most so often: routing may be this stale. */
  healthFreshMs: 10 * SECOND_MS,
  /** Providers, and organizations' own keys, whose health an isolate remembers. */
  healthKnownMax: 1_000,
  /** Routings that an isolate remembers, one for each project that has one and each organization with provider keys: some MB. */
  routingsKnownMax: 200,
  /** An object answers with the routing of now; more than two changes while one request is admitted are none of its making. */
  routingTriesMax: 3,
  /** A provider counts as failing for this long after its last failure... */
  healthMemoryMs: 60 * SECOND_MS,
  /** ...of so many in a row. */
  healthFailuresMin: 3,

  /** An isolate goes by prices that are at most about so old... */
  pricesFreshMs: MINUTE_MS,
  /** ...and its first requests wait so long for them: D1 answers within a tenth of that. */
  pricesReadMs: SECOND_MS,
  /** Whoever has used a model within this time is told of its price. */
  priceNoticeUsedMs: 30 * DAY_MS,
  /** After this a notice that could not be mailed tells nobody anything new. */
  priceNoticeMsMax: 7 * DAY_MS,
  /** Mails of changed prices in one run, as many as of warnings. */
  priceNoticesPerRun: 100,

  /** Who reads usage goes by what it heard of its place so long ago; who adds to it asks nobody, for the place itself knows. */
  usageDatabaseFreshMs: MINUTE_MS,
  /** Organizations whose place an isolate remembers: about 1 MB. */
  usageDatabasesKnownMax: 10_000,
  /** After a move the old rows are left for so long, for whoever may still read there. */
  moveRestMs: 3 * MINUTE_MS,
  /** A move copies and compares so many rows at a time: some 50 ms of D1... */
  moveRowsMax: 2_000,
  /** ...which travel in texts of so many rows, each well below the 2 MB that D1 takes of one. */
  moveRowsPerText: 250,
  /** One call of the operator moves for so long, or so many pieces: each is some seven of its 1,000 subrequests. */
  moveCallMs: 10 * SECOND_MS,
  movePiecesPerCall: 120,

  /** How many events one step of the rollups takes: some MB in memory, and half a second. */
  rollupRowsMax: 20_000,
  /** How many such steps one cron run makes before it leaves the rest to the next. */
  rollupBatchesMax: 50,
  /**
   * Nor does it begin another after so long, however slow the machine: with a last step (3 s, if it raises all it may) and the backfill
   * after it, a run stays below the 30 s of CPU that a Worker has by default. */
  rollupRunMs: 12 * SECOND_MS,
  /**
   * So many rows of running totals are read and raised at a time: some 10 MB, some 3 s. Late events raise many: one that comes
   * 46 days late where something was used in every quarter of an hour. What is later is left to a backfill.
   */
  rollupTotalsMax: 40_000,
  /**
   * An event that was settled so long ago is rolled up by the next minute's cron. So it is in the sums at most four minutes
   * after its settlement, which leaves a minute for a cron that is late and its run, and for shipping's last seconds.
   */
  rollupWaitMs: 3 * MINUTE_MS,
  /** So many facts or events are read for one step of a backfill: some MB. */
  backfillRowsMax: 20_000,
  /** A call of the operator begins no further step after this; it is called again until all is done. */
  backfillRunMs: 10 * SECOND_MS,
  /** A cron spends so much on what the operator, or a migration, has begun. */
  backfillCronMs: 10 * SECOND_MS,
  /** Usage events are kept this long once rolled up. */
  eventRetentionMs: 60 * DAY_MS,
  /** One pruning statement takes so many rows, so that it never holds D1 for long. */
  pruneRowsMax: 10_000,
  /** So many of them in an hourly run: 4.8 million events a day, more than come. */
  pruneBatchesMax: 20,

  /** A lease is made to last for so many more requests like the one that asked, so that few requests call the wallet. */
  leaseRequests: 32,
  /** All leases together are to leave about half of the balance free, so that a newcomer need not wait for a recall. */
  leaseShare: 2,
  /** A lease whose member was silent for so long is not counted among those that share the balance. */
  leaseActiveMs: 10 * MINUTE_MS,
  /** A member asks ahead when its lease has room for fewer requests like the last: more than come while the wallet answers. */
  leaseLowRequests: 4,
  /** Below so many requests' worth of balance nobody asks ahead, because that would take from others what they need now. */
  leaseScarceRequests: 50,
  /** A member's object waits this long for the wallet; within admissionTimeoutMs, so that its caller still hears why. */
  walletSyncMs: 3 * SECOND_MS,
  /** The wallet waits this long for members to give back what they do not hold; within walletSyncMs. */
  recallMs: 1_500,
  /** A request asks the wallet again when others of its member took what came for it; more often than this it is refused. */
  walletAsksMax: 3,
  /** When the wallet did not give what was asked ahead of need, that is not asked again for so long: there is no hurry. */
  walletRetryMs: 5 * SECOND_MS,
  /** Entries of a wallet read at once where it differs from its transactions: some 100 KB. */
  walletEntriesPage: 1_000,
  /** Wallets that one run of the cron holds against their transactions: each one call, and one read of D1. */
  walletsProvenPerRun: 200,
  /** A completed charge that its wallet has not taken for so long is named: the cron has tried ten times. */
  walletLateMs: 10 * MINUTE_MS,
  /** Differences between a wallet and its transactions that are named; one is enough to look. */
  walletFindingsMax: 50,
  /** Charges and refunds of which a cron run tells wallets: one waits only where its own request died, or its wallet did not answer. */
  walletCreditsPerRun: 200,
  /** Documents that a cron run mails, and how long it begins another: the mail API takes a few mails a second. */
  documentMailsPerRun: 50,
  documentMailRunMs: 30 * SECOND_MS,
  /** Who mails a document has it to itself for so long, by when it has mailed it, failed or died; then another goes on. */
  documentMailLeaseMs: 4 * MINUTE_MS,
  /** A document that could not be mailed for so long is not: it is where the transaction is. So nobody who turns mail on floods anybody. */
  documentMailMsMax: 3 * DAY_MS,
  /** Who looks at a wallet hears of so many members, those with most to spend, what they have spent by now. */
  walletQuestionsMax: 128,

  /**
   * One cron run proves so many members, of so many organizations: with the queries beside them it stays below the 1,000
   * subrequests that an invocation has. Who is left over comes first in the next run, a quarter of an hour later.
   */
  booksMembersPerRun: 600,
  booksTurnsPerRun: 50,
  /** Of one organization so many at most, the longest unproven first, so that a large one does not take the whole run. */
  booksMembersPerTurn: 250,
  /** A run begins no further turn after this: the next run must find the objects and D1 idle. */
  booksRunMs: 5 * MINUTE_MS,
  /** Older days compared in each turn, by turns: 96 turns a day go round a year of them. */
  booksDaysPerTurn: 4,
  /** Days that differed are compared again in each turn, so many at most. */
  booksDaysAgainMax: 31,
  /** Who asks for the health of so small an organization gets it proven on the spot: one object call each. */
  booksOnDemandMembersMax: 100,
  /** A part of the books is called stale when it is older than this: several crons in a row have not come. */
  booksStaleMs: HOUR_MS,
  /** A difference is logged when it is new or has changed, and again so often while it lasts. */
  booksReminderMs: DAY_MS,

  /**
   * Of changes made at once in one organization one at a time gets its place in the audit log, the others try again, after a
   * pause of up to twice the one before. Fifty at once are done with in some seconds; more would rather hear that soon.
   */
  auditTriesMax: 20,
  auditPauseMs: 10,
  auditPauseMsMax: SECOND_MS,
  /** What tells browsers and clients apart stands at the front of a User-Agent. */
  auditUserAgentLengthMax: 200,
  /** Entries read at a time: some MB and 20 ms of D1. */
  auditPageRows: 2_000,
  /** The anchor object reads D1 before it answers; nobody waits for it but who has the log verified. */
  auditAnchorMs: 10 * SECOND_MS,
  /** A log that is broken is logged when that is new or has changed, and again so often while it lasts. */
  auditReminderMs: DAY_MS,
  /** With the call of an object and two statements for each these stay well below the 1,000 subrequests of an invocation. */
  auditAnchorsPerRun: 200,
  auditPrunedPerRun: 200,

  /** An invitation's link, and the seat it holds: who does not answer within a month does not come. */
  invitationMs: 30 * DAY_MS,
  /** A deleted organization can be had back for so long. */
  organizationUndoMs: 30 * DAY_MS,
  /** Deleted organizations that one cron run erases. */
  erasedPerRun: 20,

  /** So many of those who may decide are mailed, owners first: more would each think that another does. */
  budgetRequestMailsMax: 20,
  /** A grant on a total ends by itself after this, unless said otherwise: a total has no window that would end it. */
  grantMs: 30 * DAY_MS,
  /** No extra lasts longer, as no window does: what shall stay belongs into the budget. */
  grantMsMax: 366 * DAY_MS,

  /** Statuses looked at, and members of whom is mailed, in one cron run: some 600 of its 1,000 subrequests. */
  warningStatusesPerRun: 5_000,
  warningStatusesAtOnce: 50,
  warnedMembersPerRun: 100,
  /** Limits told in one mail: of more (a member may have 500 keys) only their number, for nobody reads on. */
  warningsPerMail: 20,
  /** A run begins no further mail after this: where the mail API is down each takes as long as all its tries. */
  warningRunMs: 2 * MINUTE_MS,
  /** Who mails a warning has it to itself for so long, by when it has mailed it, failed or died; then another goes on. */
  warningLeaseMs: 4 * MINUTE_MS,
  /** After this a warning that could not be mailed tells nobody anything new. */
  warningMailMsMax: DAY_MS,
  /** An API-only member has no address; so many owners are warned in its place. */
  warnedOwnersMax: 5,

  /** Provider keys that one call of the operator seals anew: some seconds, and few enough batches of D1. */
  resealedPerCall: 200,
  /** Who tests a provider key waits for its provider: a healthy one lists its models in far less. */
  providerTestMs: 8 * SECOND_MS,
  /** A change to a member's policy waits this long for the object before it answers 202. */
  policyPushMs: 2 * SECOND_MS,
  /** A change that many members' objects enforce waits this long for all of them: a person still waits for the page. */
  policyFanOutMs: 10 * SECOND_MS,
  /** An object ships what it has and reads a member's whole past while the operator waits. */
  rebuildMs: 20 * SECOND_MS,
  /** How many objects one cron run talks to at once. */
  objectCallsAtOnce: 32,

  /** A scrape within this hears the same again: Prometheus asks every 15 s to a minute, and rollups change every five minutes. */
  metricsFreshMs: 10 * SECOND_MS,
  /** Pairs of organization and provider that have counters of their own; ten lines each. */
  metricsSeriesShownMax: 500,
  /** And so many whose sums are read at all: some 20 ms of D1. */
  metricsSeriesReadMax: 5_000,
  /** Members whose books are summed for a scrape, of each database: as many as a large organization has. */
  metricsMembersReadMax: 10_000,
  /** Requests looked at for one page of a filtered list: some 20 ms of D1. What they do not fill, the next page goes on with. */
  requestsScannedMax: 10_000,
  /** Counted refusals searched for one request's id: days of them, for none is written more often than a shipment. */
  refusalsSearchedMax: 1_000,

  /** Read so many at a time: a page is some hundred KB and 10 ms of D1. */
  simulationPageRows: 5_000,

  /** A browser that does not come back for so long has to sign in again... */
  sessionMs: 7 * DAY_MS,
  /** ...and one that does has this put off once in so long: a write a day, not one a page. */
  sessionRefreshMs: DAY_MS,
  /** The mailed link that ends a sign-up: mail is read within a day. */
  signUpLinkMs: DAY_MS,
  /** The mailed link that sets a new password: it opens an account, so it is short-lived. */
  passwordResetLinkMs: HOUR_MS,
  /** Wrong codes of a second factor in a row before it is locked, and for how long: some 1,000 guesses a day, of 1,000,000. */
  secondFactorTriesMax: 10,
  secondFactorLockMs: 15 * MINUTE_MS,
  /** A mail is tried so often; the platform ends work behind an answer after 30 s. */
  mailTriesMax: 3,
  mailTimeoutMs: 7 * SECOND_MS,
  /** The pause before the next try, longer by itself each time. */
  mailRetryMs: SECOND_MS,

  /** Calls to Stripe: it answers in a second or two; with the retries a webhook's answer stays under Stripe's own 20 s. */
  stripeTimeoutMs: 6 * SECOND_MS,
  stripeRetriesMax: 1,
  /** Stripe's own tolerance: an event that was recorded and is sent again by somebody else is older. */
  stripeSignatureAgeSeconds: 300,
  /** The largest events carry an invoice of 10 lines, some 30 KB. */
  webhookBytesMax: 512 * 1024,
  /** Each asks Stripe once or thrice; a run has minutes. */
  webhookEventsPerRun: 50,
  webhookProblemLengthMax: 500,
  /** Stripe sends an event again for three days. */
  webhookEventsKeptMs: 30 * DAY_MS,
  /** A failed payment leaves the plan as it is for so long: Stripe tries the card again four times within two weeks. */
  paymentGraceMs: 14 * DAY_MS,
  /** Freed seats are taken off the bill so long before the period ends: Stripe draws up the next bill as it does. */
  seatsLoweredBeforeMs: 2 * HOUR_MS,
  subscriptionsPerRun: 50,
  /** Purchases of seats that one run opens, charges and settles: each a call of Stripe. */
  seatChargesPerRun: 50,
  /** Seats that nobody has paid for are taken back after this: as long as a plan stays whose payment failed. */
  unpaidSeatsMs: 14 * DAY_MS,
  /** Automatic top-ups of one run, each a call of the wallet and perhaps two of Stripe. */
  topUpsPerRun: 100,
  /** Who charges a top-up has the organization to itself for longer than a charge with its retries takes. */
  topUpLeaseMs: 45 * SECOND_MS,
  /** What automatic top-ups buy in a month where nobody said more: a mistake in a loop costs so much, in cents. */
  topUpMonthCentsDefault: 100_000,
  /** Refusals of the card in a row after which automatic top-ups stop: a bank may refuse once what it pays the next day... */
  topUpFailuresMax: 3,
  /** ...and the time between two of them: banks take repeated tries amiss. */
  topUpRetryMs: DAY_MS,
  /** A charge of which no answer came is repeated for so long: Stripe knows a repeat for 24 hours, and pays again after that. */
  chargeTriesMs: 23 * HOUR_MS,
  /** A second click within this is the same purchase, of credit or of seats. */
  sameCheckoutMs: MINUTE_MS,

  /** The logo on invoices: a print of 50 mm needs some 50 KB, and it is in every file. */
  logoBytesMax: 256 * 1024,
  /** A PNG is unpacked and packed again for each document: so much takes some 50 ms. */
  logoPixelsMax: 300_000,
} as const;
