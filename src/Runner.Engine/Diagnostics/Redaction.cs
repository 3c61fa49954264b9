using Runner.Engine.Configuration;
using Runner.Engine.Workloads;

namespace Runner.Engine.Diagnostics;

/// <summary>Takes what the settings hold in secret out of texts.</summary>
public static class Redaction
{
    /// <summary>Every secret of the settings.</summary>
    public static IReadOnlyList<string> SecretsOf(RunnerOptions options) =>
    [
        .. new[]
        {
            options.ApiToken, options.AdminPassword, options.ObjectStore.AccessKeySecret, options.ObjectStore.AccessKeyId,
            options.Proxy.Url?.UserInfo, options.Proxy.Url?.UserInfo.Split(':').Last(),
            options.Hub.WebhookEndpoint?.UserInfo, options.Tracing.Endpoint?.UserInfo, options.LogCollector.LokiUrl?.UserInfo,
        }.OfType<string>().Where(secret => secret.Length > 0).Distinct(),
    ];

    /// <summary>The text with stars in the place of each secret.</summary>
    public static string Hide(string text, IReadOnlyList<string> secrets) => SecretText.Hide(text, secrets);
}
