using System.Diagnostics;
using Runner.Engine;
using Runner.Engine.Configuration;
using Runner.Tests.Engine.Host;

namespace Runner.Tests.Engine.Identity.Provider;

/// <summary>The real <c>oidc-provider</c> from <c>.tools/oidc</c>, and a console that knows it.</summary>
internal sealed class OutsideProvider : IAsyncDisposable
{
    public const string Secret = "secret-of-the-console-at-the-provider";

    private readonly Process _process;

    private OutsideProvider(Process process, Uri issuer, int consolePort) => (_process, Issuer, ConsolePort) = (process, issuer, consolePort);

    public Uri Issuer { get; }

    public int ConsolePort { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<OutsideProvider> StartAsync()
    {
        var port = LoopbackPort.Next();
        var start = new ProcessStartInfo("node", [Path.Combine(Folder(), "provider.mjs"), Path.Combine(Repository.Root, ".tools", "oidc"), $"http://127.0.0.1:{port}", Secret])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        for (; ; )
        {
            var line = await process.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel)
                ?? throw new InvalidOperationException("The provider ended. Is .tools/oidc installed (.ci/install)?");
            if (line.StartsWith("http://", StringComparison.Ordinal))
            {
                return new OutsideProvider(process, new Uri(line), port);
            }
        }
    }

    /// <summary>A console on the port that the provider knows.</summary>
    public Task<RunnerHost> StartConsoleAsync(Func<RunnerOptions, RunnerOptions>? change = null) => RunnerHost.StartAsync(options =>
    {
        var known = options with
        {
            Port = ConsolePort,
            OpenIdProvider = new()
            {
                Issuer = Issuer,
                ClientId = "console",
                ClientSecret = Secret,
                Name = "Company",
                Scopes = new[] { "profile", "groups" }.ToEquatableList(),
                Administrators = new[] { "console-admins" }.ToEquatableList(),
                Operators = new[] { "console-operators" }.ToEquatableList(),
                Viewers = new[] { "staff" }.ToEquatableList(),
            },
        };
        return change?.Invoke(known) ?? known;
    });

    /// <summary>Lets the provider misbehave.</summary>
    public async Task BeAsync(string mode)
    {
        using var client = new HttpClient();
        await client.GetStringAsync(new Uri(Issuer, $"/control?mode={mode}"), Cancel);
    }

    public Task StopAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync(Cancel);
    }

    /// <summary>Goes from the console to the provider and there through its pages, as somebody.</summary>
    /// <returns>Where the provider sends the browser back to: the console's callback, not opened yet.</returns>
    public static async Task<Uri> WalkAsync(HttpClient browser, string user, string returnUrl = "")
    {
        var at = new Uri(browser.BaseAddress!, "/account/oidc" + (returnUrl.Length > 0 ? "?returnUrl=" + Uri.EscapeDataString(returnUrl) : ""));
        for (var hop = 0; hop < 12; hop++)
        {
            using var answer = await browser.GetAsync(at, Cancel);
            Assert.True(answer.Headers.Location is not null, $"{at} answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancel)}");
            at = new Uri(at, answer.Headers.Location);
            if (at.AbsolutePath == "/account/oidc/callback")
            {
                return at;
            }

            if (at.AbsolutePath.StartsWith("/interaction/", StringComparison.Ordinal))
            {
                at = new Uri(at, $"?user={user}");
            }
        }

        throw new InvalidOperationException($"Never came back: {at}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await StopAsync();
        }

        _process.Dispose();
    }

    private static string Folder() => Path.Combine(Repository.Root, "tests", "Engine", "Identity", "Provider");
}
