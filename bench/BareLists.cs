using k8s;

namespace Runner.Bench;

/// <summary>The bare reader, a process of its own: reads every list in pages, all lists at once, as the program does, and keeps nothing.</summary>
internal static class BareLists
{
    /// <summary>Reads the lists and nothing more; prints how many bytes they have.</summary>
    public const string Command = "read-lists";

    private const int PageSize = 500;

    /// <summary>The kinds that a large cluster has many of.</summary>
    private static readonly string[] Lists =
        ["api/v1/nodes", "api/v1/pods", "apis/serving.knative.dev/v1/namespaces/spaces/services", "apis/serving.knative.dev/v1/namespaces/spaces/revisions"];

    public static async Task ReadAsync(string kubeconfig)
    {
        using var client = new Kubernetes(await KubernetesClientConfiguration.BuildConfigFromConfigFileAsync(new FileInfo(kubeconfig)));
        var bytes = await Task.WhenAll(Lists.Select(list => ReadAsync(client, list)));
        Console.WriteLine($"read {bytes.Sum()} bytes");
    }

    private static async Task<long> ReadAsync(Kubernetes client, string list)
    {
        long bytes = 0;
        string? next = "";
        while (next is not null)
        {
            var path = $"{list}?limit={PageSize}{(next.Length > 0 ? $"&continue={Uri.EscapeDataString(next)}" : "")}";
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(client.BaseUri, path)) { Version = new(2, 0) };
            await client.Credentials.ProcessHttpRequestAsync(request, CancellationToken.None);
            using var response = await client.HttpClient.SendAsync(request);
            var page = await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
            bytes += page.Length;
            next = ContinueOf(page);
        }

        return bytes;
    }

    /// <summary>The list's metadata come before its items or behind them, never inside: look at both ends.</summary>
    /// <returns>Null after the last page.</returns>
    private static string? ContinueOf(ReadOnlySpan<byte> page)
    {
        var key = "\"continue\":\""u8;
        var at = page[..Math.Min(page.Length, 4096)].IndexOf(key);
        var start = at >= 0 ? at : page.LastIndexOf(key);
        if (start < 0)
        {
            return null;
        }

        var value = page[(start + key.Length)..];
        var length = value.IndexOf((byte)'"');
        return length > 0 ? System.Text.Encoding.UTF8.GetString(value[..length]) : null;
    }
}
