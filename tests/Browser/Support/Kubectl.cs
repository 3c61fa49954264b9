using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Runner.Tests.Browser.Support;

/// <summary>Creates objects in the embedded cluster with the address and token of its kubeconfig.</summary>
public static partial class Kubectl
{
    public static async Task ApplyAsync(string kubeconfig, string yaml)
    {
        var settings = await File.ReadAllTextAsync(kubeconfig);
        using var client = new HttpClient { BaseAddress = new Uri(Server().Match(settings).Groups[1].Value) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token().Match(settings).Groups[1].Value);
        using var content = new StringContent(yaml, System.Text.Encoding.UTF8, "application/yaml");
        using var answer = await client.PostAsync("/api/v1/nodes", content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    [GeneratedRegex("""server: "?([^\s"]+)""")]
    private static partial Regex Server();

    [GeneratedRegex("""token: "?([^\s"]+)""")]
    private static partial Regex Token();
}
