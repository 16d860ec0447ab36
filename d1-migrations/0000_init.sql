CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`project_id` text NOT NULL,
	`member_id` text NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`masked` text NOT NULL,
	`status` text NOT NULL,
	`limits` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`deleted_at` integer,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `api_keys_by_member` ON `api_keys` (`member_id`);--> statement-breakpoint
CREATE INDEX `api_keys_by_organization` ON `api_keys` (`organization_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `invitations` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`email` text NOT NULL,
	`role` text NOT NULL,
	`project_ids` text NOT NULL,
	`budget` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`accepted_at` integer,
	`revoked_at` integer,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `invitations_by_organization` ON `invitations` (`organization_id`);--> statement-breakpoint
CREATE TABLE `master_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`masked` text NOT NULL,
	`created_at` integer NOT NULL,
	`deleted_at` integer,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `master_keys_by_hash` ON `master_keys` (`hash`);--> statement-breakpoint
CREATE TABLE `member_ledgers` (
	`member_id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`shipped` integer NOT NULL,
	`cost` integer NOT NULL,
	`requests` integer NOT NULL,
	`overrun` integer NOT NULL,
	`unresolved` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `member_ledgers_by_organization` ON `member_ledgers` (`organization_id`);--> statement-breakpoint
CREATE TABLE `members` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`user_id` text,
	`name` text NOT NULL,
	`role` text NOT NULL,
	`created_at` integer NOT NULL,
	`removed_at` integer,
	`budget` text NOT NULL,
	`budget_version` integer DEFAULT 1 NOT NULL,
	`budget_cycle` integer DEFAULT 0 NOT NULL,
	`policy_generation` integer DEFAULT 1 NOT NULL,
	`policy_version` integer DEFAULT 1 NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `members_by_organization` ON `members` (`organization_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `members_by_user` ON `members` (`user_id`,`organization_id`);--> statement-breakpoint
CREATE TABLE `organizations` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`kind` text NOT NULL,
	`plan` text NOT NULL,
	`time_zone` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `policy_pushes` (
	`member_id` text PRIMARY KEY NOT NULL,
	`requested_at` integer NOT NULL,
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `project_grants` (
	`member_id` text NOT NULL,
	`project_id` text NOT NULL,
	PRIMARY KEY(`member_id`, `project_id`),
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`project_id`) REFERENCES `projects`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `projects` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL,
	`archived_at` integer,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `projects_by_organization` ON `projects` (`organization_id`);--> statement-breakpoint
CREATE TABLE `rollup_watermark` (
	`only_row` integer PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`rolled_up_to` integer NOT NULL,
	`proven_seq` integer NOT NULL,
	`proven_at` integer
);
--> statement-breakpoint
CREATE TABLE `usage_dimensions` (
	`id` integer PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`project_id` text NOT NULL,
	`key_id` text NOT NULL,
	`member_id` text NOT NULL,
	`mapping` text NOT NULL,
	`canonical_model` text NOT NULL,
	`provider` text NOT NULL,
	`app` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `usage_dimensions_unique` ON `usage_dimensions` (`organization_id`,`project_id`,`key_id`,`member_id`,`mapping`,`canonical_model`,`provider`,`app`);--> statement-breakpoint
CREATE TABLE `usage_events` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`organization_id` text NOT NULL,
	`member_id` text NOT NULL,
	`n` integer NOT NULL,
	`attempt_id` text NOT NULL,
	`request_id` text NOT NULL,
	`project_id` text NOT NULL,
	`key_id` text NOT NULL,
	`endpoint` text NOT NULL,
	`mapping` text NOT NULL,
	`canonical_model` text NOT NULL,
	`provider` text NOT NULL,
	`app` text NOT NULL,
	`outcome` text NOT NULL,
	`refusal` text,
	`requests` integer NOT NULL,
	`opened_at` integer NOT NULL,
	`settled_at` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`cached_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`reasoning_tokens` integer NOT NULL,
	`cost` integer NOT NULL,
	`input_cost` integer NOT NULL,
	`output_cost` integer NOT NULL,
	`overrun` integer NOT NULL,
	`unresolved` integer NOT NULL,
	`price_version` text NOT NULL,
	`estimated` integer NOT NULL,
	`streamed` integer NOT NULL,
	`latency_ms` integer,
	`first_token_ms` integer
);
--> statement-breakpoint
CREATE INDEX `usage_events_by_organization` ON `usage_events` (`organization_id`,`settled_at`);--> statement-breakpoint
CREATE TABLE `usage_rollups` (
	`organization_id` text NOT NULL,
	`bucket_at` integer NOT NULL,
	`dimension_id` integer NOT NULL,
	`requests` integer NOT NULL,
	`upstream_errors` integer NOT NULL,
	`client_errors` integer NOT NULL,
	`refused` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`cached_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`reasoning_tokens` integer NOT NULL,
	`cost` integer NOT NULL,
	`input_cost` integer NOT NULL,
	`output_cost` integer NOT NULL,
	PRIMARY KEY(`organization_id`, `bucket_at`, `dimension_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`email` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`);
--> statement-breakpoint
INSERT INTO `rollup_watermark` (`only_row`, `seq`, `rolled_up_to`, `proven_seq`) VALUES (1, 0, 0, 0);
