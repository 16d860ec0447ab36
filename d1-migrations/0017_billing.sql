CREATE TABLE `billing_accounts` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`customer` text,
	`payment_method` text,
	`payment_method_shown` text,
	`payment_method_at` integer DEFAULT 0 NOT NULL,
	`top_up_below` integer,
	`top_up_amount` integer,
	`top_up_leased_until` integer DEFAULT 0 NOT NULL,
	`top_up_failed_at` integer,
	`top_up_failure` text,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `billing_accounts_customer_unique` ON `billing_accounts` (`customer`);--> statement-breakpoint
CREATE TABLE `document_series` (
	`kind` text NOT NULL,
	`year` integer NOT NULL,
	`last` integer NOT NULL,
	PRIMARY KEY(`kind`, `year`)
);
--> statement-breakpoint
CREATE TABLE `subscriptions` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`paid_through` text NOT NULL,
	`reference` text,
	`status` text NOT NULL,
	`plan` text NOT NULL,
	`seats` integer NOT NULL,
	`period_start` integer NOT NULL,
	`period_end` integer NOT NULL,
	`next_plan` text,
	`next_seats` integer,
	`past_due_since` integer,
	`heard_at` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `subscriptions_reference_unique` ON `subscriptions` (`reference`);--> statement-breakpoint
CREATE TABLE `transactions` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`currency` text NOT NULL,
	`total` integer NOT NULL,
	`credit` integer NOT NULL,
	`snapshot` text NOT NULL,
	`refund_of` text,
	`number` text,
	`numbered_at` integer,
	`issued` text,
	`paid_through` text NOT NULL,
	`reference` text,
	`created_at` integer NOT NULL,
	`completed_at` integer,
	`failed_at` integer,
	`failure` text,
	`credited_at` integer,
	`mailed_at` integer,
	`mailed_to` text DEFAULT '[]' NOT NULL,
	`mail_leased_until` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `transactions_by_organization` ON `transactions` (`organization_id`,`created_at`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `transactions_by_reference` ON `transactions` (`paid_through`,`reference`);--> statement-breakpoint
CREATE INDEX `transactions_by_refunded` ON `transactions` (`refund_of`) WHERE refund_of IS NOT NULL;--> statement-breakpoint
CREATE INDEX `transactions_uncredited` ON `transactions` (`completed_at`) WHERE completed_at IS NOT NULL AND credited_at IS NULL AND credit <> 0;--> statement-breakpoint
CREATE INDEX `transactions_unmailed` ON `transactions` (`numbered_at`) WHERE number IS NOT NULL AND mailed_at IS NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `transactions_by_number` ON `transactions` (`number`);--> statement-breakpoint
CREATE TABLE `webhook_events` (
	`id` text PRIMARY KEY NOT NULL,
	`type` text NOT NULL,
	`created_at` integer NOT NULL,
	`received_at` integer NOT NULL,
	`body` text,
	`handled_at` integer,
	`tries` integer DEFAULT 0 NOT NULL,
	`next_try_at` integer NOT NULL,
	`problem` text
);
--> statement-breakpoint
CREATE INDEX `webhook_events_to_handle` ON `webhook_events` (`next_try_at`) WHERE handled_at IS NULL;