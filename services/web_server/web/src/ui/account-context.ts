import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Account } from '../model/account.js';

export const AccountContext = createContext<Account | undefined>(undefined);

/** The account of the main screen. */
export function useAccount(): Account {
  const account = useContext(AccountContext);
  if (!account) throw new Error('outside of the main screen');
  return account;
}
