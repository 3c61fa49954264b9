using System.Net;
using System.Text.Json;
using Runner.Engine.Values;
using Runner.Web.ConsoleApi;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.Commands;

/// <summary>The runner refused, or was not reached.</summary>
internal sealed class RunnerClientException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A configuration as a runner gave it.</summary>
/// <param name="Chart">The chart of the runner that it is for.</param>
/// <param name="Part">The key under which the runner's values are in it, where it came with another chart; empty otherwise.</param>
/// <param name="Switches">Paths by which the runner is switched on there.</param>
/// <param name="Others">Other keys that the release has values under, which are not in it.</param>
internal sealed record ExportedValues(string Text, string UpgradeLine, ChartVersion Chart, string Part, IReadOnlyList<string> Switches, IReadOnlyList<string> Others);

/// <summary>Asks a running runner for its configuration or a backup, as any client with a token may.</summary>
internal static class RunnerClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Task<ExportedValues> ExportAsync(RunnerAccess access, bool masked, bool release, CancellationToken cancellationToken) => GetAsync(
        access,

        // A client that may read the secrets may read without them as well, by whichever of the two it was given.
        masked ? [ApiScopes.ConfigRead, ApiScopes.ConfigValues] : [ApiScopes.ConfigValues],
        $"{ConfigValues.Path}?masked={(masked ? "true" : "false")}&source={(release ? "release" : "saved")}",
        async answer => new ExportedValues(
            await answer.Content.ReadAsStringAsync(cancellationToken), Header(answer, ConfigValues.UpgradeHeader),
            ChartVersion.TryParse(Header(answer, ConfigValues.ChartHeader), out var chart) ? chart : ChartVersion.Newest,
            Header(answer, ConfigValues.PartHeader),
            Names(answer, ConfigValues.SwitchesHeader),
            Names(answer, ConfigValues.OtherPartsHeader)),
        cancellationToken);

    /// <summary>Writes a backup of a running runner.</summary>
    /// <returns>Its size in bytes.</returns>
    public static Task<long> BackupAsync(RunnerAccess access, Stream output, CancellationToken cancellationToken) => GetAsync(
        access,
        [ApiScopes.BackupRead],
        BackupCall.Path,
        async answer =>
        {
            await answer.Content.CopyToAsync(output, cancellationToken);
            return output.Length;
        },
        cancellationToken);

    private static async Task<T> GetAsync<T>(RunnerAccess access, IReadOnlyList<string> scopes, string path, Func<HttpResponseMessage, Task<T>> read, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = access.Address, Timeout = Patience };
        try
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", access.Token.Length > 0 ? access.Token : await TokenAsync(client, access, scopes, cancellationToken));
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return answer.IsSuccessStatusCode
                ? await read(answer)
                : throw new RunnerClientException(
                    $"The runner at {access.Address} answered {(int)answer.StatusCode}{Reason(await answer.Content.ReadAsStringAsync(cancellationToken))}.{Remedy((int)answer.StatusCode, scopes[0])}");
        }
        catch (Exception exception) when (exception is HttpRequestException or HttpIOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new RunnerClientException($"The runner at {access.Address} was not reached: {exception.Message} Name another with --url or {AccessOptions.AddressVariable}.", exception);
        }
    }

    /// <param name="scopes">Any of them will do; asked for in this order.</param>
    private static async Task<string> TokenAsync(HttpClient client, RunnerAccess access, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        if (access.ClientId.Length == 0 || access.ClientSecret.Length == 0)
        {
            throw new RunnerClientException($"No token. Set {AccessOptions.TokenVariable}, or {AccessOptions.ClientVariable} and {AccessOptions.SecretVariable} of a client that may have the scope {scopes[0]}.");
        }

        var status = HttpStatusCode.OK;
        foreach (var scope in scopes)
        {
            using var form = new FormUrlEncodedContent(
            [
                new("grant_type", "client_credentials"), new("client_id", access.ClientId), new("client_secret", access.ClientSecret), new("scope", scope),
            ]);
            using var answer = await client.PostAsync(new Uri("/connect/token", UriKind.Relative), form, cancellationToken);
            using var json = await ReadAsync(answer, cancellationToken);
            if (json?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("access_token", out var token) && token.GetString() is { Length: > 0 } text)
            {
                return text;
            }

            status = answer.StatusCode;
            if (status == HttpStatusCode.Unauthorized)
            {
                // Not known, or by another secret: no scope helps.
                break;
            }
        }

        throw new RunnerClientException($"The runner at {access.Address} gives no token to the client '{access.ClientId}': {(int)status}. Check its id, its secret and that it may have the scope {scopes[0]}.");
    }

    private static async Task<JsonDocument?> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var lines) ? lines.First() : "";

    private static string[] Names(HttpResponseMessage answer, string name) => [.. Header(answer, name).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];

    private static string Reason(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("msg", out var message) ? $": {message.GetString()?.TrimEnd('.')}" : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    private static string Remedy(int status, string scope) => status is 401 or 403 ? $" The token must carry the scope {scope} and must not have expired." : "";
}
