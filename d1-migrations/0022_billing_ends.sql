ALTER TABLE `billing_accounts` ADD `top_up_month_max` integer;--> statement-breakpoint
ALTER TABLE `billing_accounts` ADD `top_up_failures` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `billing_accounts` ADD `top_up_failed_by` text;--> statement-breakpoint
ALTER TABLE `billing_accounts` ADD `top_up_retry_at` integer;--> statement-breakpoint
ALTER TABLE `billing_accounts` ADD `top_up_stop_told_at` integer;--> statement-breakpoint
ALTER TABLE `seat_purchases` ADD `bought_by` text;--> statement-breakpoint
ALTER TABLE `seat_purchases` ADD `untold` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `seat_purchases` ADD `taken_back_at` integer;--> statement-breakpoint
ALTER TABLE `seat_purchases` ADD `settled_at` integer;--> statement-breakpoint
CREATE INDEX `seat_purchases_to_settle` ON `seat_purchases` (`id`) WHERE settled_at IS NULL;--> statement-breakpoint
CREATE INDEX `seat_purchases_by_organization` ON `seat_purchases` (`organization_id`,`bought_at`);