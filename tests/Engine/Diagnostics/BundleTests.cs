using System.IO.Compression;
using System.Net;
using Microsoft.Extensions.Logging;
using Runner.Tests.Engine.Host;
using Runner.Web.Identity;

namespace Runner.Tests.Engine.Diagnostics;

/// <summary>What leaves the house in a support bundle.</summary>
public sealed class BundleTests
{
    private const string Token = "planted-hub-token-81c2";
    private const string Key = "planted-object-store-key-44f0";
    private const string Proxy = "planted-proxy-password-90aa";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_holds_what_helps_and_no_secret_though_the_log_spoke_of_them_and_it_is_audited()
    {
        await using var host = await RunnerHost.StartAsync(options => options with
        {
            ApiToken = Token,
            ObjectStore = new() { Endpoint = "s3.example.com", AccessKeyId = "id", AccessKeySecret = Key },
            Proxy = new() { Enabled = true, Url = new Uri($"http://user:{Proxy}@proxy.example.com:3128") },
        });
        LogSecrets(host.Get<ILogger<BundleTests>>());
        using var browser = await host.SignedInAsync();

        using var answer = await browser.GetAsync("/api/console/support-bundle", Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var zip = new ZipArchive(await answer.Content.ReadAsStreamAsync(Cancel), ZipArchiveMode.Read);
        Assert.Equal(
            ["clusters.json", "diagnostics.json", "events.json", "hub.json", "log.txt", "nodes.json", "outbox.json", "settings.json", "versions.json", "workloads.json"],
            zip.Entries.Select(entry => entry.FullName).Order(StringComparer.Ordinal));
        foreach (var entry in zip.Entries)
        {
            using var reader = new StreamReader(await entry.OpenAsync(Cancel));
            var text = await reader.ReadToEndAsync(Cancel);
            Assert.All([Token, Key, Proxy, RunnerHost.AdminPassword], secret => Assert.False(text.Contains(secret, StringComparison.Ordinal), $"{secret} is in {entry.FullName}"));
            Assert.True(entry.FullName != "log.txt" || text.Contains("somebody said ***", StringComparison.Ordinal), text);
        }

        Assert.Contains(host.Get<AuditLog>().Read(10), entry => entry.Action == AuditActions.SupportBundle);
    }

#pragma warning disable CA1848, CA2254 // One line, to see what becomes of it.
    private static void LogSecrets(ILogger logger) => logger.LogWarning("somebody said {Token} and {Key} and {Proxy}", Token, Key, Proxy);
#pragma warning restore CA1848, CA2254
}
