// A certified OpenID Connect provider with a few people in it, for tests. Arguments: the folder of its packages, the console's address, the client's secret.
// Prints its issuer once it listens. /control?mode=… lets it hand out identity tokens that a client must refuse; the interaction page signs in whoever ?user= names.
import http from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { generateKeyPairSync } from 'node:crypto';

const [folder, consoleAddress, secret] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const load = async name => import(pathToFileURL(require.resolve(name)));
const { default: Provider } = await load('oidc-provider');
const jose = await load('jose');

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const own = pair();
const foreign = pair();
const jwk = { ...own.privateKey.export({ format: 'jwk' }), kid: 'own', use: 'sig', alg: 'RS256' };
const groups = { ann: ['console-admins', 'staff'], oscar: ['console-operators'], vera: ['staff'], nora: ['elsewhere'], mallory: ['["console-admins"]'] };
let mode = '';

const server = http.createServer();
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'console',
    client_secret: secret,
    redirect_uris: [`${consoleAddress}/account/oidc/callback`],
    post_logout_redirect_uris: [`${consoleAddress}/account/oidc/signed-out`],
  }],
  jwks: { keys: [jwk] },
  cookies: { keys: ['only for tests'] },
  scopes: ['openid', 'profile', 'groups'],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], groups: ['groups'] },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => { ctx.body = `<title>Sign out?</title>${form}`; } },
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: `id-of-${id}`, name: `${id} of the provider`, preferred_username: id, groups: mode === 'demoted' ? ['staff'] : mode === 'roleless' ? [] : groups[id] ?? [] }),
  }),
  loadExistingGrant: async ctx => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile groups');
    await grant.save();
    return grant;
  },
});

const now = () => Math.floor(Date.now() / 1000);
const changes = {
  expired: claims => ({ ...claims, iat: now() - 7200, exp: now() - 3600 }),
  audience: claims => ({ ...claims, aud: 'another-client' }),
  issuer: claims => ({ ...claims, iss: 'http://another-provider.example' }),
  nonce: claims => ({ ...claims, nonce: 'of-another-request' }),
  subject: claims => ({ ...claims, sub: 'id-of-ann' }),
  signature: claims => claims,
  unsigned: claims => claims,
};
const forge = async token => {
  const claims = changes[mode](jose.decodeJwt(token));
  if (mode === 'unsigned') { return new jose.UnsecuredJWT(claims).encode(); }
  return new jose.SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'own' }).sign(mode === 'signature' ? foreign.privateKey : own.privateKey);
};
provider.use(async (ctx, next) => {
  await next();
  if (changes[mode] && ctx.oidc?.route === 'token' && ctx.body?.id_token) { ctx.body.id_token = await forge(ctx.body.id_token); }
});

const answer = provider.callback();
server.on('request', async (request, response) => {
  try {
    const url = new URL(request.url, issuer);
    if (url.pathname === '/control') {
      mode = url.searchParams.get('mode') ?? '';
      response.end('ok');
    } else if (mode === 'broken') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>This is no provider.</p>');
    } else if (url.pathname.startsWith('/interaction/')) {
      await provider.interactionDetails(request, response);
      const user = url.searchParams.get('user');
      if (!user) {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Who are you?</title><form><input name="user" id="provider-user"><button>Sign in</button></form>');
      } else {
        const result = user === 'refuse' ? { error: 'access_denied', error_description: 'Not today.' } : { login: { accountId: user } };
        await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
      }
    } else {
      answer(request, response);
    }
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
console.log(issuer);
