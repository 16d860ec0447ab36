DROP INDEX `member_ledgers_by_organization`;--> statement-breakpoint
CREATE INDEX `member_ledgers_by_organization` ON `member_ledgers` (`organization_id`,`member_id`);