CREATE TABLE `seat_purchases` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`organization_id` text NOT NULL,
	`seats` integer NOT NULL,
	`unit_cost` integer NOT NULL,
	`bought_at` integer NOT NULL,
	`period_end` integer NOT NULL,
	`transaction_id` text,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `seat_purchases_to_charge` ON `seat_purchases` (`id`) WHERE transaction_id IS NULL;