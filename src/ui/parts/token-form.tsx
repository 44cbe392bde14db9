import { useState } from 'preact/hooks';

interface TokenFormProps {
  readonly refused: string;
  readonly onToken: (token: string) => void;
}

/** The server was started with SWITCHYARD_TOKEN. */
export function TokenForm({ refused, onToken }: TokenFormProps) {
  const [token, setToken] = useState('');
  const send = (event: Event) => {
    event.preventDefault();
    if (token.trim() !== '') onToken(token.trim());
  };
  return (
    <form class="narrow stack" onSubmit={send}>
      <h1>This server asks for a token</h1>
      <p class="dim">
        It was started with <code>SWITCHYARD_TOKEN</code>. The token stays in this tab and is forgotten when you close
        it.
      </p>
      {refused !== '' && (
        <p class="note bad" role="alert">
          {refused}
        </p>
      )}
      <label class="field">
        <span>Token</span>
        <input
          type="password"
          autocomplete="current-password"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
          required
        />
      </label>
      <button type="submit" class="button main">
        Continue
      </button>
    </form>
  );
}
