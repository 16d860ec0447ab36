ALTER TABLE `invitations` ADD `token_hash` text;--> statement-breakpoint
ALTER TABLE `invitations` ADD `budget_version` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX `invitations_by_token` ON `invitations` (`token_hash`);--> statement-breakpoint
ALTER TABLE `member_ledgers` ADD `status` text;--> statement-breakpoint
ALTER TABLE `members` ADD `member_version` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `organizations` ADD `billing_details` text;--> statement-breakpoint
ALTER TABLE `organizations` ADD `seats_bought` integer;--> statement-breakpoint
ALTER TABLE `organizations` ADD `deleted_at` integer;--> statement-breakpoint
ALTER TABLE `organizations` ADD `erased_at` integer;