CREATE TABLE `known_prices` (
	`mapping` text PRIMARY KEY NOT NULL,
	`terms` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `price_notices` (
	`organization_id` text NOT NULL,
	`user_id` text NOT NULL,
	`mapping` text NOT NULL,
	`noticed_at` integer NOT NULL,
	`before` text NOT NULL,
	`after` text NOT NULL,
	`leased_until` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`organization_id`, `user_id`, `mapping`, `noticed_at`),
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `price_overrides` (
	`mapping` text NOT NULL,
	`effective_from` integer NOT NULL,
	`price` text NOT NULL,
	PRIMARY KEY(`mapping`, `effective_from`)
);
