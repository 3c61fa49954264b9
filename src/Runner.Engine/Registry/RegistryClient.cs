using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Runner.Engine.Probes;

namespace Runner.Engine.Registry;

/// <summary>What a registry answered, read to the end of what is of use.</summary>
/// <param name="Evidence">Status and the registry's own words.</param>
internal sealed record RegistryAnswer(HttpStatusCode Status, string Evidence, string ApiVersion, Uri? Location, Challenge Challenge);

/// <summary>Calls of the Distribution API, with the sign-in that the registry asks for.</summary>
internal sealed class RegistryClient : IDisposable
{
    /// <summary>Errors and tokens are small; anything longer is not one.</summary>
    private const int MostBytes = 64 * 1024;

    private readonly RegistryAddress _address;
    private readonly RegistryTarget _target;
    private readonly HttpClient _http;
    private readonly Dictionary<string, string> _tokens = [];

    public RegistryClient(RegistryAddress address, RegistryTarget target)
    {
        _address = address;
        _target = target;

        // Without redirects: credentials go where they belong, and a detour is a finding.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false };
        if (target.SkipTlsVerify)
        {
#pragma warning disable CA5359 // As the configured Kaniko arguments say; the step before has told what is wrong with the certificate.
            handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        _http = new HttpClient(handler) { BaseAddress = address.Base, Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MostBytes };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("csghub-runner");
    }

    /// <summary>What the registry asks for; none until <c>/v2/</c> was asked.</summary>
    public Challenge Challenge { get; set; } = Challenge.None;

    /// <param name="path">Below the registry's address.</param>
    /// <param name="scope">As token servers name it: <c>repository:name:pull</c>; empty for none.</param>
    public Task<RegistryAnswer> SendAsync(HttpMethod method, string path, string scope, CancellationToken cancellationToken) =>
        SendAsync(method, new Uri(_address.Base, path), scope, cancellationToken);

    /// <inheritdoc cref="SendAsync(HttpMethod, string, string, CancellationToken)"/>
    public async Task<RegistryAnswer> SendAsync(HttpMethod method, Uri uri, string scope, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, uri);
        if (uri.Authority == _address.Base.Authority && uri.Scheme == _address.Base.Scheme)
        {
            request.Headers.Authorization = await AuthorizationAsync(scope, cancellationToken).ConfigureAwait(false);
        }

        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        var location = response.Headers.Location is { } target ? new Uri(uri, target) : null;
        var version = response.Headers.TryGetValues("Docker-Distribution-Api-Version", out var versions) ? versions.First() : "";
        return new(response.StatusCode, await EvidenceAsync(response, cancellationToken).ConfigureAwait(false), version, location, Challenge.Read(response.Headers.WwwAuthenticate));
    }

    /// <summary>Asks the token server for a token and keeps it for the scope.</summary>
    /// <returns>Null when there is one; else why not.</returns>
    public async Task<ProbeResult?> FetchTokenAsync(string scope, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(Challenge.Realm, UriKind.Absolute, out var realm) || realm.Scheme is not ("http" or "https"))
        {
            return ProbeResult.Failed(ProbeFault.RealmUnreachable, "", Challenge.Realm);
        }

        if (_address.Tls && realm.Scheme == "http")
        {
            return ProbeResult.Failed(ProbeFault.RealmInsecure, "", Challenge.Realm);
        }

        var query = $"service={Uri.EscapeDataString(Challenge.Service)}&scope={Uri.EscapeDataString(scope)}";
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(realm) { Query = $"{realm.Query.TrimStart('?')}&{query}".TrimStart('&') }.Uri);
        request.Headers.Authorization = Basic();
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                _tokens[scope] = await ReadTokenAsync(response, cancellationToken).ConfigureAwait(false);
                return _tokens[scope].Length > 0 ? null : ProbeResult.Failed(ProbeFault.Refused, "no token in the answer", "200");
            }

            var evidence = await EvidenceAsync(response, cancellationToken).ConfigureAwait(false);
            return response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest
                ? ProbeResult.Failed(ProbeFault.CredentialsWrong, evidence, _target.UserName, realm.Authority)
                : ProbeResult.Failed(ProbeFault.ServerFails, evidence, $"{(int)response.StatusCode}");
        }
        catch (HttpRequestException exception)
        {
            return ProbeResult.Failed(ProbeFault.RealmUnreachable, exception.Message, realm.Authority);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<AuthenticationHeaderValue?> AuthorizationAsync(string scope, CancellationToken cancellationToken)
    {
        switch (Challenge.Scheme)
        {
            case "basic" when _target.UserName.Length > 0:
                return Basic();
            case "bearer" when scope.Length > 0:
                // Without a token the registry refuses, which is what the step then tells.
                return _tokens.ContainsKey(scope) || await FetchTokenAsync(scope, cancellationToken).ConfigureAwait(false) is null
                    ? new("Bearer", _tokens[scope])
                    : null;
            default:
                return null;
        }
    }

    private AuthenticationHeaderValue? Basic() =>
        _target.UserName.Length == 0 ? null : new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_target.UserName}:{_target.Password}")));

    private static async Task<string> ReadTokenAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await response.Content.LoadIntoBufferAsync(MostBytes, cancellationToken).ConfigureAwait(false);
        try
        {
            using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            return json.RootElement.ValueKind != JsonValueKind.Object ? "" : Text("token") ?? Text("access_token") ?? "";
            string? Text(string name) => json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (JsonException)
        {
            return "";
        }
    }

    /// <summary>As in <c>{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}</c>.</summary>
    private static async Task<string> EvidenceAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = $"HTTP {(int)response.StatusCode}";
        if (response.IsSuccessStatusCode || response.Content.Headers.ContentLength > MostBytes)
        {
            return status;
        }

        try
        {
            await response.Content.LoadIntoBufferAsync(MostBytes, cancellationToken).ConfigureAwait(false);
            using var json = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            var error = json.RootElement.GetProperty("errors")[0];
            return $"{status}: {error.GetProperty("code").GetString()}: {error.GetProperty("message").GetString()}";
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or HttpRequestException)
        {
            return status;
        }
    }
}
