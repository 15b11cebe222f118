// An OpenID provider for tests, panva's oidc-provider: node provider.mjs CONFIG.json
// Any name logs in with any password; `accounts` of the configuration has the claims of some.
// It prints one line when it listens, and ends when its standard input does.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const config = JSON.parse(readFileSync(process.argv[2]));

const provider = new Provider(config.issuer, {
  clients: config.clients,
  jwks: config.jwks,
  cookies: { keys: ['only for tests'] },
  claims: {
    email: ['email', 'email_verified'],
    groups: ['groups'],
    profile: ['preferred_username', 'name'],
  },
  conformIdTokenClaims: config.claims_apart,
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
  ttl: {
    AccessToken: 600, AuthorizationCode: config.code_seconds, Grant: 600, IdToken: 600,
    Interaction: 600, Session: 600,
  },
  async findAccount(_context, id) {
    // Read anew, so that a test may change what the provider says.
    const { accounts } = JSON.parse(readFileSync(process.argv[2]));
    const claims = accounts[id] ?? { email: `${id}@example.com`, email_verified: true, preferred_username: id };
    return { accountId: id, claims: () => ({ sub: id, ...claims }) };
  },
});
provider.proxy = true;
provider.on('server_error', (_context, error) => console.error(error));

const server = createServer(provider.callback());
server.listen(config.port, '127.0.0.1', () => console.log('ready'));
process.stdin.on('end', () => process.exit(0)).resume();
