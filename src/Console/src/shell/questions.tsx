/** What is asked before a database is made, forked, put back or deleted. */
import { useState } from 'preact/hooks';
import * as databases from '../server/databases';
import { Dialog } from './Dialog';

interface Question {
  onClose: () => void;
  onDone: (name: string) => void;
}

function NameField({ label, value, onValue }: { label: string; value: string; onValue: (value: string) => void }) {
  return (
    <label class="field">
      <span>{label}</span>
      <input value={value} onInput={(event) => onValue(event.currentTarget.value)} autocomplete="off" spellcheck={false} maxLength={63} autofocus />
      <small>1 to 63 of <code>a-z 0-9 - _ .</code></small>
    </label>
  );
}

export function CreateQuestion({ onClose, onDone }: Question) {
  const [name, setName] = useState('');
  return (
    <Dialog title="New database" action="Create" ready={name !== ''} onClose={onClose} onDo={async () => (await databases.create(name), onDone(name))}>
      <NameField label="Name" value={name} onValue={setName} />
    </Dialog>
  );
}

export function ForkQuestion({ database, at, onClose, onDone }: Question & { database: string; at: number | undefined }) {
  const [name, setName] = useState(`${database}-fork`.slice(0, 63));
  return (
    <Dialog title={`Fork ${database}`} action="Fork" ready={name !== ''} onClose={onClose} onDo={async () => (await databases.fork(database, name, at), onDone(name))}>
      <p>A new database that begins as {at === undefined ? 'the newest version' : `version ${at}`} of this one. Nothing is copied, and neither changes the other.</p>
      <NameField label="Name of the fork" value={name} onValue={setName} />
    </Dialog>
  );
}

export function RestoreQuestion({ database, at, onClose, onDone }: Question & { database: string; at: number }) {
  return (
    <Dialog title={`Restore version ${at}?`} action="Restore" onClose={onClose} onDo={async () => (await databases.restore(database, at), onDone(database))}>
      <p>What <b>{database}</b> was at version {at} becomes its newest version. The versions in between stay, so this can be undone in the same way.</p>
    </Dialog>
  );
}

export function DeleteQuestion({ database, onClose, onDone }: Question & { database: string }) {
  const [name, setName] = useState('');
  return (
    <Dialog title={`Delete ${database}?`} action="Delete" danger ready={name === database} onClose={onClose} onDo={async () => (await databases.remove(database), onDone(database))}>
      <p>All its versions go with it, and it cannot be undone. Forks of it stay.</p>
      <NameField label={`Type ${database} to confirm`} value={name} onValue={setName} />
    </Dialog>
  );
}
