using System.Net;
using System.Runtime.CompilerServices;
using Runner.Engine.Probes;

namespace Runner.Engine.Registry;

/// <summary>Tries a registry the way image builds and nodes use it, step by step. Leaves nothing behind.</summary>
internal sealed class RegistryTest(RegistryTarget target, TimeProvider time)
{
    private static readonly TimeSpan CleanUpPatience = TimeSpan.FromSeconds(5);

    /// <summary>Tells of each step when it begins and when it ended; ends early when cancelled.</summary>
    public async IAsyncEnumerable<ProbeStep> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sequence = new ProbeSequence(time, [target.Password, Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{target.UserName}:{target.Password}"))]);
        if (RegistryAddress.Parse(target.Address, target.PlainHttp) is not { } address)
        {
            var missing = new ProbePlan(ProbeStepId.Reach, _ => Task.FromResult(ProbeResult.Failed(ProbeFault.AddressMissing, "")));
            await foreach (var step in sequence.RunAsync([missing], cancellationToken).ConfigureAwait(false))
            {
                yield return step;
            }

            yield break;
        }

        var transport = new Transport(address.Host, address.Port, address.Tls, target.SkipTlsVerify);
        using var client = new RegistryClient(address, target);
        var run = new Run(client, address, target);
        ProbePlan[] plan =
        [
            new(ProbeStepId.Reach, transport.ReachAsync),
            new(ProbeStepId.Tls, transport.TlsAsync),
            new(ProbeStepId.Ping, run.PingAsync),
            new(ProbeStepId.Login, run.LoginAsync),
            new(ProbeStepId.Pull, run.PullAsync),
            new(ProbeStepId.Push, run.PushAsync),
        ];
        try
        {
            await foreach (var step in sequence.RunAsync(plan, cancellationToken).ConfigureAwait(false))
            {
                yield return step;
            }
        }
        finally
        {
            // Whoever cancels between begin and end of an upload does not want it to stay.
            using var patience = new CancellationTokenSource(CleanUpPatience, time);
            await ((Task)run.CancelUploadAsync(patience.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The steps that speak to the registry, with what earlier ones found out.</summary>
    private sealed class Run(RegistryClient client, RegistryAddress address, RegistryTarget target)
    {
        private readonly string _repository = address.Repository(target.Repository);
        private Uri? _upload;

        public async Task<ProbeResult> PingAsync(CancellationToken cancellationToken)
        {
            var answer = await client.SendAsync(HttpMethod.Get, "v2/", "", cancellationToken).ConfigureAwait(false);
            client.Challenge = answer.Challenge;
            return answer.Status switch
            {
                HttpStatusCode.OK or HttpStatusCode.Unauthorized => ProbeResult.Passed($"HTTP {(int)answer.Status}{(answer.ApiVersion.Length > 0 ? $", {answer.ApiVersion}" : "")}"),
                >= HttpStatusCode.InternalServerError => ProbeResult.Failed(ProbeFault.ServerFails, answer.Evidence, $"{(int)answer.Status}"),
                >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => ProbeResult.Failed(ProbeFault.Redirects, answer.Evidence, answer.Location?.GetLeftPart(UriPartial.Authority) ?? "?"),
                _ => ProbeResult.Failed(ProbeFault.NotARegistry, answer.Evidence, address.Authority),
            };
        }

        public async Task<ProbeResult> LoginAsync(CancellationToken cancellationToken)
        {
            switch (client.Challenge.Scheme)
            {
                case "":
                    return target.UserName.Length > 0 ? ProbeResult.Warned(ProbeFault.Open, "") : new(ProbeOutcome.Passed, ProbeFault.Open, "");
                case "basic" or "bearer" when target.UserName.Length == 0:
                    return ProbeResult.Failed(ProbeFault.CredentialsMissing, client.Challenge.Scheme, address.Authority);
                case "basic":
                    var answer = await client.SendAsync(HttpMethod.Get, "v2/", "", cancellationToken).ConfigureAwait(false);
                    return Judge(answer, "basic");
                case "bearer":
                    return await client.FetchTokenAsync($"repository:{_repository}:pull", cancellationToken).ConfigureAwait(false) is { } refusal
                        ? refusal
                        : ProbeResult.Passed($"bearer, {client.Challenge.Realm}");
                default:
                    return ProbeResult.Failed(ProbeFault.UnknownChallenge, "", client.Challenge.Scheme);
            }
        }

        public async Task<ProbeResult> PullAsync(CancellationToken cancellationToken)
        {
            var answer = await client.SendAsync(HttpMethod.Get, $"v2/{_repository}/tags/list?n=1", $"repository:{_repository}:pull", cancellationToken).ConfigureAwait(false);
            return answer.Status switch
            {
                HttpStatusCode.OK => ProbeResult.Passed(_repository),
                HttpStatusCode.NotFound => new(ProbeOutcome.Passed, ProbeFault.RepositoryEmpty, answer.Evidence, _repository),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ProbeResult.Failed(ProbeFault.PullDenied, answer.Evidence, _repository),
                HttpStatusCode.BadRequest => ProbeResult.Failed(ProbeFault.RepositoryName, answer.Evidence, _repository),
                _ => Other(answer),
            };
        }

        public async Task<ProbeResult> PushAsync(CancellationToken cancellationToken)
        {
            var scope = $"repository:{_repository}:pull,push";
            var answer = await client.SendAsync(HttpMethod.Post, $"v2/{_repository}/blobs/uploads/", scope, cancellationToken).ConfigureAwait(false);
            switch (answer.Status)
            {
                case HttpStatusCode.Accepted when answer.Location is { } upload:
                    _upload = upload;
                    var left = await CancelUploadAsync(cancellationToken).ConfigureAwait(false);
                    return left is null ? ProbeResult.Passed(_repository) : ProbeResult.Warned(ProbeFault.UploadLeft, left, _repository);
                case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                    return ProbeResult.Failed(ProbeFault.PushDenied, answer.Evidence, _repository);
                case HttpStatusCode.MethodNotAllowed:
                    return ProbeResult.Failed(ProbeFault.ReadOnly, answer.Evidence, address.Authority);
                case HttpStatusCode.NotFound or HttpStatusCode.BadRequest:
                    return ProbeResult.Failed(ProbeFault.RepositoryName, answer.Evidence, _repository);
                default:
                    return Other(answer);
            }
        }

        /// <returns>Null when nothing is left behind; else what the registry said.</returns>
        public async Task<string?> CancelUploadAsync(CancellationToken cancellationToken)
        {
            if (_upload is not { } upload)
            {
                return null;
            }

            var answer = await client.SendAsync(HttpMethod.Delete, upload, $"repository:{_repository}:pull,push", cancellationToken).ConfigureAwait(false);
            _upload = null;
            return (int)answer.Status is >= 200 and < 300 or 404 ? null : answer.Evidence;
        }

        private ProbeResult Judge(RegistryAnswer answer, string scheme) => answer.Status switch
        {
            HttpStatusCode.OK => ProbeResult.Passed($"{scheme}, {target.UserName}"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ProbeResult.Failed(ProbeFault.CredentialsWrong, answer.Evidence, target.UserName, address.Authority),
            _ => Other(answer),
        };

        private static ProbeResult Other(RegistryAnswer answer) => answer.Status >= HttpStatusCode.InternalServerError
            ? ProbeResult.Failed(ProbeFault.ServerFails, answer.Evidence, $"{(int)answer.Status}")
            : ProbeResult.Failed(ProbeFault.Refused, answer.Evidence, $"{(int)answer.Status}");
    }
}
