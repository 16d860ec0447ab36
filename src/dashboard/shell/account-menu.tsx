/** One's own menu at the top right: account, light or dark, sign out. */
import { Button } from '@cloudflare/kumo/components/button';
import { DropdownMenu } from '@cloudflare/kumo/components/dropdown';
import { DesktopIcon, type Icon, MoonIcon, SignOutIcon, SunIcon, UserCircleIcon } from '@phosphor-icons/react';
import { useRouter } from '@tanstack/react-router';
import { BASE } from './base.ts';
import { signOut, useMe } from './session.ts';
import { chooseTheme, type Theme, useTheme } from './theme.ts';
import { toast } from './toasts.tsx';

const THEMES: { theme: Theme; label: string; icon: Icon }[] = [
  { theme: 'system', label: 'As the system', icon: DesktopIcon },
  { theme: 'light', label: 'Light', icon: SunIcon },
  { theme: 'dark', label: 'Dark', icon: MoonIcon },
];

export default function AccountMenu() {
  const { user } = useMe();
  const theme = useTheme();
  const router = useRouter();
  const leave = async () => {
    try {
      await signOut();
      location.assign(`${BASE}/sign-in`);
    } catch (error) {
      toast.failed(error);
    }
  };
  return (
    <DropdownMenu>
      <DropdownMenu.Trigger
        render={<Button variant="ghost" shape="square" icon={UserCircleIcon} aria-label={`Account of ${user.name}`} />}
      />
      <DropdownMenu.Content align="end">
        <DropdownMenu.Group>
          <DropdownMenu.Label>{user.email}</DropdownMenu.Label>
          <DropdownMenu.Item icon={UserCircleIcon} onClick={() => router.navigate({ to: '/account' })}>
            Account
          </DropdownMenu.Item>
        </DropdownMenu.Group>
        <DropdownMenu.Separator />
        <DropdownMenu.RadioGroup value={theme} onValueChange={(value: Theme) => chooseTheme(value)}>
          {THEMES.map(({ theme: value, label, icon }) => (
            <DropdownMenu.RadioItem key={value} value={value} icon={icon}>
              {label}
              <DropdownMenu.RadioItemIndicator />
            </DropdownMenu.RadioItem>
          ))}
        </DropdownMenu.RadioGroup>
        <DropdownMenu.Separator />
        <DropdownMenu.Item icon={SignOutIcon} onClick={leave}>
          Sign out
        </DropdownMenu.Item>
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}
