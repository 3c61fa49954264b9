using System.Net;
using System.Net.Http.Headers;
using Runner.Engine.Values;
using Runner.Tests.Engine.Host;
using Runner.Tests.Engine.Identity;
using Runner.Web.Commands;
using Runner.Web.ConsoleApi;
using Runner.Web.Identity;

namespace Runner.Tests.Engine.Values;

/// <summary>The export of the configuration: with a token of its scope, and with none other.</summary>
public sealed class ConfigValuesApiTests
{
    private const string Text = "# mine\nhubAPIToken: \"f3c9a0d1b2e4\" # rotate\nexternalUrl: https://hub.example.com\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_of_the_scope_gets_the_file_and_every_other_caller_a_refusal()
    {
        await using var host = await RunnerHost.StartAsync();
        await TokenClient.AddMachineAsync(host, "pipeline", "config.values");
        await TokenClient.AddMachineAsync(host, "watcher", "live.read", "config.read", "audit.read");
        var tokens = new TokenClient(host);
        var pipeline = (await tokens.ClientCredentialsAsync("pipeline", "config.values")).GetProperty("access_token").GetString()!;
        var watcher = (await tokens.ClientCredentialsAsync("watcher", "live.read config.read audit.read")).GetProperty("access_token").GetString()!;

        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(host, pipeline)).Status);
        await host.Get<ConfigurationStore>().SaveAsync(Text, ChartVersion.Parse("2.4.1"), "admin", "first", 0, Cancel);

        var whole = await GetAsync(host, pipeline);
        Assert.Equal((HttpStatusCode.OK, Text), (whole.Status, whole.Body));
        Assert.Equal("application/yaml", whole.Type);
        Assert.Equal("helm upgrade runner csghub/runner --namespace csghub --version 2.4.1 --values custom-values.yaml", whole.Upgrade);
        var masked = await GetAsync(host, pipeline, "?masked=true");
        Assert.Equal(Text.Replace("f3c9a0d1b2e4", ValuesMask.Placeholder), masked.Body);
        var read = await GetAsync(host, watcher, "?masked=true");
        Assert.Equal((HttpStatusCode.OK, masked.Body), (read.Status, read.Body));
        Assert.Equal(HttpStatusCode.BadRequest, (await GetAsync(host, pipeline, "?source=elsewhere")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(host, pipeline, "?source=release")).Status);

        foreach (var (token, status) in ((string?, HttpStatusCode)[])[(null, HttpStatusCode.Unauthorized), (watcher, HttpStatusCode.Forbidden), (pipeline + "x", HttpStatusCode.Unauthorized), (RunnerHost.HubToken, HttpStatusCode.Unauthorized)])
        {
            var refused = await GetAsync(host, token);
            Assert.Equal(status, refused.Status);
            Assert.DoesNotContain("f3c9a0d1b2e4", refused.Body, StringComparison.Ordinal);
        }

        Assert.Equal(3, host.Get<AuditLog>().Read(100, 0).Count(entry => entry.Action == AuditActions.ConfigurationExport && entry.Target == "version 1"));
    }

    [Fact]
    public async Task The_command_gets_it_with_a_client_s_credentials()
    {
        await using var host = await RunnerHost.StartAsync();
        await TokenClient.AddMachineAsync(host, "pipeline", "config.values");
        await TokenClient.AddMachineAsync(host, "watcher", "live.read");
        await host.Get<ConfigurationStore>().SaveAsync(Text, ChartVersion.Parse("2.4.1"), "admin", "first", 0, Cancel);

        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.Equal(0, await ValuesFiles.ExportAsync(false, false, new(host.Address, "", "pipeline", TokenClient.Secret), new(output, error), Cancel));
        Assert.Equal(Text, output.ToString());
        Assert.Contains("helm upgrade runner", error.ToString(), StringComparison.Ordinal);

        (output, error) = (new(), new());
        Assert.Equal(2, await ValuesFiles.ExportAsync(false, false, new(host.Address, "", "watcher", TokenClient.Secret), new(output, error), Cancel));
        Assert.Contains("config.values", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", output.ToString());

        // Whoever may read without secrets only gets it so, and only so.
        await TokenClient.AddMachineAsync(host, "reader", "config.read");
        (output, error) = (new(), new());
        Assert.Equal(0, await ValuesFiles.ExportAsync(true, false, new(host.Address, "", "reader", TokenClient.Secret), new(output, error), Cancel));
        Assert.Contains(ValuesMask.Placeholder, output.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, await ValuesFiles.ExportAsync(false, false, new(host.Address, "", "reader", TokenClient.Secret), new(new StringWriter(), error), Cancel));

        await using var program = ChildProcess.Start(
            new Dictionary<string, string> { ["RUNNER_URL"] = host.Address.ToString(), ["RUNNER_CLIENT_ID"] = "pipeline", ["RUNNER_CLIENT_SECRET"] = TokenClient.Secret },
            [ChildProcess.Runner, "values", "export", "--masked"]);
        await program.EndAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal(0, program.ExitCode);
        Assert.Contains(ValuesMask.Placeholder, program.Output, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body, string? Type, string? Upgrade)> GetAsync(RunnerHost host, string? token, string query = "")
    {
        using var client = host.Program();
        using var request = new HttpRequestMessage(HttpMethod.Get, ConfigValues.Path + query);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var answer = await client.SendAsync(request, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel), answer.Content.Headers.ContentType?.MediaType,
            answer.Headers.TryGetValues(ConfigValues.UpgradeHeader, out var lines) ? lines.First() : null);
    }
}
