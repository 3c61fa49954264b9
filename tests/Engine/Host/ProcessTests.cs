using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Host;

/// <summary>What whoever starts the program sees of it.</summary>
public sealed partial class ProcessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Settings_that_are_not_valid_are_told_all_at_once_without_secrets_and_stop_the_start()
    {
        using var folder = new TemporaryFolder();
        await using var program = new RunnerProcess(
            "",
            ("RUNNER_DATA_DIR", folder.Path),
            ("STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT", "eighty"),
            ("RUNNER_CLUSTER", "cloud"),
            ("RUNNER_ADMIN_PASSWORD", "short!"),
            ("RUNNER_TRUSTED_PROXIES", "10.0.0.0/99"));

        Assert.Equal(1, await program.EndAsync());
        Assert.All(
            ["STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT=eighty", "RUNNER_CLUSTER=cloud", "RUNNER_ADMIN_PASSWORD=***", "RUNNER_TRUSTED_PROXIES=10.0.0.0/99"],
            expected => Assert.Contains(expected, program.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("short!", program.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", program.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_program_on_the_data_folder_is_refused_in_a_sentence()
    {
        using var folder = new TemporaryFolder();
        await using var first = new RunnerProcess("", ("RUNNER_DATA_DIR", folder.Path));
        await first.HealthyAsync();

        await using var second = new RunnerProcess("", ("RUNNER_DATA_DIR", folder.Path));

        Assert.Equal(1, await second.EndAsync());
        Assert.Contains(folder.Path, second.Output, StringComparison.Ordinal);
        Assert.Contains("RUNNER_DATA_DIR", second.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_in_a_sentence()
    {
        using var folder = new TemporaryFolder();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var taken = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        await using var program = new RunnerProcess("", ("RUNNER_DATA_DIR", folder.Path), ("STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT", taken));

        Assert.Equal(1, await program.EndAsync());
        Assert.Contains(
            $"Port {taken} is taken by another program. Stop that one, or choose another port with STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT.", program.Output.Split('\n', StringSplitOptions.TrimEntries));
    }

    [Fact]
    public async Task Started_as_the_official_chart_does_it_is_healthy_and_ends_in_order_when_told_to()
    {
        using var folder = new TemporaryFolder();
        await using var program = new RunnerProcess("deploy runner -l info", ("RUNNER_DATA_DIR", folder.Path));
        await program.HealthyAsync();
        await using (var check = new RunnerProcess("healthcheck", ("STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT", program.Address.Port.ToString(CultureInfo.InvariantCulture))))
        {
            Assert.Equal(0, await check.EndAsync());
        }

        program.Terminate();

        Assert.Equal(0, await program.EndAsync());
        await using var after = new RunnerProcess("healthcheck", ("STARHUB_SERVER_SPACE_RUNNER_SERVER_PORT", program.Address.Port.ToString(CultureInfo.InvariantCulture)));
        Assert.Equal(1, await after.EndAsync());
    }

    [Fact]
    public async Task The_first_start_tells_link_and_password_once_and_both_let_somebody_in()
    {
        using var folder = new TemporaryFolder();
        string link, password;
        await using (var first = new RunnerProcess("", ("RUNNER_DATA_DIR", folder.Path)))
        {
            await Eventually.TrueAsync(() => Password().IsMatch(first.Output), "the password is printed", 60);
            link = Link().Match(first.Output).Groups[1].Value;
            password = Password().Match(first.Output).Groups[1].Value;
            Assert.Equal(HttpStatusCode.Redirect, await SignInAsync(first, "", "", link));
            Assert.Equal(HttpStatusCode.Redirect, await SignInAsync(first, "admin", password, "/sign-in"));
            first.Terminate();
            await first.EndAsync();
        }

        await using var second = new RunnerProcess("", ("RUNNER_DATA_DIR", folder.Path));
        await second.HealthyAsync();
        Assert.Equal(HttpStatusCode.Redirect, await SignInAsync(second, "admin", password, "/sign-in"));
        Assert.Equal(HttpStatusCode.BadRequest, await SignInAsync(second, "", "", link));
        second.Terminate();
        await second.EndAsync();
        Assert.DoesNotContain("First start", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_secret_reaches_what_the_program_prints_even_at_its_most_talkative()
    {
        using var folder = new TemporaryFolder();
        string[] secrets = ["planted-hub-token", "planted-admin-password", "planted-s3-secret", "planted-env-value", "planted-proxy-password", "planted-wrong-password", "planted-bearer"];
        await using var program = new RunnerProcess(
            "-l trace",
            ("RUNNER_DATA_DIR", folder.Path),
            ("STARHUB_SERVER_API_TOKEN", secrets[0]),
            ("RUNNER_ADMIN_PASSWORD", secrets[1]),
            ("STARHUB_SERVER_S3_ACCESS_KEY_SECRET", secrets[2]),
            ("STARHUB_SERVER_PROXY_URL", $"http://user:{secrets[4]}@127.0.0.1:1"),
            ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", "http://127.0.0.1:1"));
        await program.HealthyAsync();

        using var client = new HttpClient { BaseAddress = program.Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", secrets[0]);
        var body = new { image_id = "acme/x:1", deploy_id = 1, env = new Dictionary<string, string> { ["TOKEN"] = secrets[3], ["port"] = "8000" }, hardware = new { memory = "1Gi" } };
        using var run = await client.PostAsJsonAsync("/api/v1/service/planted/run", body, Cancel);
        using var broken = await client.PostAsync("/api/v1/service/planted/run", new StringContent($"{{\"env\":{{\"TOKEN\":\"{secrets[3]}\"}},"), Cancel);
        client.DefaultRequestHeaders.Authorization = new("Bearer", secrets[6]);
        using var refused = await client.GetAsync("/api/v1/service/planted/status", Cancel);
        Assert.Equal(HttpStatusCode.Redirect, await SignInAsync(program, "admin", secrets[1], "/sign-in"));
        Assert.Equal(HttpStatusCode.BadRequest, await SignInAsync(program, "admin", secrets[5], "/sign-in"));
        program.Terminate();
        await program.EndAsync();

        var told = program.Output + await run.Content.ReadAsStringAsync(Cancel) + await broken.Content.ReadAsStringAsync(Cancel) + await refused.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("Now listening on", told, StringComparison.Ordinal);
        Assert.DoesNotContain(secrets, secret => told.Contains(secret, StringComparison.Ordinal));
    }

    private static async Task<HttpStatusCode> SignInAsync(RunnerProcess program, string user, string password, string page)
    {
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = program.Address };
        using var answer = await RunnerHost.SignInAsync(browser, user, password, page);
        return answer.StatusCode;
    }

    [GeneratedRegex("(/sign-in\\?link=[0-9a-f]+)")]
    private static partial Regex Link();

    [GeneratedRegex("password +(\\S+)")]
    private static partial Regex Password();
}
