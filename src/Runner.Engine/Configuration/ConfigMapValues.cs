namespace Runner.Engine.Configuration;

/// <summary>What a watched ConfigMap says. Empty texts and null mean that it says nothing.</summary>
internal sealed record ConfigMapValues
{
    public const string WebhookKey = "STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT";
    public const string PublicDomainKey = "STARHUB_SERVER_RUNNER_PUBLIC_DOMAIN";
    public const string RegionKey = "STARHUB_SERVER_CLUSTER_REGION";
    public const string ApplicationEndpointKey = "STARHUB_SERVER_RUNNER_APPLICATION_ENDPOINT";
    public const string StorageClassKey = "STARHUB_SERVER_RUNNER_STORAGE_CLASS";
    public const string NetworkInterfaceKey = "STARHUB_SERVER_RUNNER_NETWORK_INTERFACE";

    /// <summary>The keys that a running runner follows; every other one counts at its next start.</summary>
    public static IReadOnlyList<string> Keys { get; } = [WebhookKey, PublicDomainKey, RegionKey, ApplicationEndpointKey, StorageClassKey, NetworkInterfaceKey];

    public static ConfigMapValues None { get; } = new();

    public Uri? WebhookEndpoint { get; init; }

    public string PublicDomain { get; init; } = "";

    public string Region { get; init; } = "";

    /// <summary>An address, or <see cref="LiveSettings.Auto"/>.</summary>
    public string ApplicationEndpoint { get; init; } = "";

    public string StorageClass { get; init; } = "";

    public string NetworkInterface { get; init; } = "";

    /// <summary>Takes over what can be used and keeps the last good value of what cannot. Pure.</summary>
    /// <param name="data">The ConfigMap's data; null when there is no ConfigMap.</param>
    /// <param name="last">What was in use before.</param>
    /// <returns>The values to use, and a sentence for each one that could not be taken.</returns>
    public static (ConfigMapValues Values, IReadOnlyList<LocalText> Problems) Read(IDictionary<string, string>? data, ConfigMapValues last)
    {
        if (data is null)
        {
            return (last, [new(
                "It does not exist. The last known settings stay in use. Create it, or correct STARHUB_SERVER_RUNNER_WATCH_CONFIGMAP_NAME.",
                "它不存在。继续使用最后已知的设置。请创建它，或更正 STARHUB_SERVER_RUNNER_WATCH_CONFIGMAP_NAME。")]);
        }

        string Text(string key) => data.TryGetValue(key, out var value) ? value?.Trim() ?? "" : "";
        if (Keys.All(key => Text(key).Length == 0))
        {
            return (last, [new(
                $"It has none of the runner's settings. The last known ones stay in use. Put them back, at least {WebhookKey}.",
                $"其中没有任何 Runner 设置。继续使用最后已知的设置。请放回这些设置，至少包括 {WebhookKey}。")]);
        }

        var problems = new List<LocalText>();
        return (new()
        {
            WebhookEndpoint = ReadWebhook(Text(WebhookKey), last.WebhookEndpoint, problems),
            PublicDomain = ReadAddress(PublicDomainKey, Text(PublicDomainKey), last.PublicDomain, problems),
            Region = Text(RegionKey),
            ApplicationEndpoint = Text(ApplicationEndpointKey) is LiveSettings.Auto or ""
                ? Text(ApplicationEndpointKey)
                : ReadAddress(ApplicationEndpointKey, Text(ApplicationEndpointKey), last.ApplicationEndpoint, problems),
            StorageClass = ReadStorageClass(Text(StorageClassKey), last.StorageClass, problems),
            NetworkInterface = Text(NetworkInterfaceKey),
        }, problems);
    }

    /// <summary>Whether a text is an address, see <see cref="AddressOf"/>.</summary>
    public static bool IsAddress(string text) =>
        text.Length > 0 && Uri.TryCreate(AddressOf(text), UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.Host.Length > 0;

    /// <summary>
    /// An address as the hub can call it, which puts paths that begin with a slash behind it as it is: <c>http</c> where no scheme is written, and no slash at the end. Empty stays empty. Pure.
    /// </summary>
    public static string AddressOf(string text)
    {
        var address = text.TrimEnd('/');
        return address.Length == 0 || address.Contains("://", StringComparison.Ordinal) ? address : "http://" + address;
    }

    private static Uri? ReadWebhook(string text, Uri? last, List<LocalText> problems)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.Host.Length > 0)
        {
            return address;
        }

        problems.Add(text.Length == 0
            ? new($"{WebhookKey} is empty. Events go on to the last known address. Set it to the hub's address.", $"{WebhookKey} 为空。事件继续发往最后已知的地址。请设为 Hub 的地址。")
            : new($"{WebhookKey} is not an http or https address. Events go on to the last known address. Correct it.", $"{WebhookKey} 不是 http 或 https 地址。事件继续发往最后已知的地址。请更正。"));
        return last;
    }

    private static string ReadAddress(string key, string text, string last, List<LocalText> problems)
    {
        if (IsAddress(text))
        {
            return text;
        }

        problems.Add(text.Length == 0
            ? new($"{key} is empty. The last known value stays in use. Correct it.", $"{key} 为空。继续使用最后已知的值。请更正。")
            : new($"{key} is not an address such as http://host:port. The last known value stays in use. Correct it.", $"{key} 不是 http://host:port 形式的地址。继续使用最后已知的值。请更正。"));
        return last;
    }

    private static string ReadStorageClass(string text, string last, List<LocalText> problems)
    {
        if (text.Length == 0 || Naming.IsSubdomain(text))
        {
            return text;
        }

        problems.Add(new(
            $"{StorageClassKey} is not a name that a StorageClass can have. The last known value stays in use. Correct it.",
            $"{StorageClassKey} 不是有效的 StorageClass 名称。继续使用最后已知的值。请更正。"));
        return last;
    }
}
