CREATE TABLE `budget_requests` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`member_id` text NOT NULL,
	`limit_name` text NOT NULL,
	`amount` text,
	`note` text,
	`created_at` integer NOT NULL,
	`decision` text,
	`decided_at` integer,
	`decided_by` text,
	`decision_note` text,
	`granted_amount` text,
	`granted_until` integer,
	`granted_on` text,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `budget_requests_by_organization` ON `budget_requests` (`organization_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `budget_requests_by_member` ON `budget_requests` (`member_id`,`granted_until`);--> statement-breakpoint
CREATE TABLE `budget_warnings` (
	`member_id` text NOT NULL,
	`limit_name` text NOT NULL,
	`status_at` integer NOT NULL,
	`percent` integer NOT NULL,
	`limit_amount` integer NOT NULL,
	`window_start` integer NOT NULL,
	`window_end` integer,
	`about` text NOT NULL,
	`unsent` text NOT NULL,
	`leased_until` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`member_id`, `limit_name`),
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `budget_warnings_unsent` ON `budget_warnings` (`status_at`) WHERE "budget_warnings"."unsent" <> '[]';--> statement-breakpoint
ALTER TABLE `member_ledgers` ADD `status_is_news` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `member_ledgers_with_news` ON `member_ledgers` (`status_is_news`) WHERE "member_ledgers"."status_is_news" = 1;--> statement-breakpoint
ALTER TABLE `members` ADD `budget_warnings` text;--> statement-breakpoint
ALTER TABLE `organizations` ADD `budget_warnings` text;