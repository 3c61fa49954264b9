using Microsoft.Playwright;

namespace Runner.Tests.Browser.Support;

/// <summary>One runner and one Chromium for all journeys.</summary>
public sealed class ConsoleFixture : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string? _signedIn;

    /// <summary>How the program is started.</summary>
    public Func<Task<RunnerProcess>> Start { get; init; } = () => RunnerProcess.StartAsync();

    public RunnerProcess Runner { get; private set; } = null!;

    /// <summary>Where the browser goes, if not to the program itself.</summary>
    public Uri? Through { get; set; }

    public async ValueTask InitializeAsync()
    {
        // The machine may be busy with other tests; what is there in time is not waited for.
        Assertions.SetDefaultExpectTimeout(20_000);
        Runner = await Start();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("CHROMIUM") ?? "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        });
    }

    /// <summary>A browser window of its own, signed in as the administrator unless told otherwise.</summary>
    public async Task<IPage> OpenAsync(string path = "/", int width = 1440, string theme = "light", string language = "en", bool signedIn = true)
    {
        if (signedIn && _signedIn is null)
        {
            var first = await OpenAsync("/sign-in", signedIn: false);
            await SignInAsync(first, "admin", RunnerProcess.Password);
            _signedIn = await first.Context.StorageStateAsync();
            await first.Context.CloseAsync();
        }

        var context = await _browser!.NewContextAsync(new()
        {
            BaseURL = (Through ?? Runner.Address).ToString(),
            ViewportSize = new() { Width = width, Height = width < 500 ? 844 : 900 },
            StorageState = signedIn ? _signedIn : null,
            Locale = language,
            AcceptDownloads = true,
        });
        context.SetDefaultTimeout(20_000);
        await context.AddInitScriptAsync($"localStorage.setItem('console.theme', '{theme}')");
        var page = await context.NewPageAsync();
        await GoAsync(page, path);
        return page;
    }

    /// <summary>Opens an address and waits until the page answers to clicks, where it is one of the console's.</summary>
    public static async Task GoAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        await page.Locator(".shell[data-live=true], body.plain").WaitForAsync();
    }

    public static async Task SignInAsync(IPage page, string user, string password)
    {
        await page.FillAsync("#user", user);
        await page.FillAsync("#password", password);
        await page.ClickAsync("form button[type=submit]");
        await page.WaitForSelectorAsync(".shell");
    }

    /// <summary>Row of a workload in the table.</summary>
    public static ILocator Row(IPage page, string name) => page.Locator("tr[data-row]").Filter(new() { HasText = name });

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        await Runner.DisposeAsync();
    }
}

[CollectionDefinition(nameof(ConsoleFixture))]
public sealed class ConsoleCollection : ICollectionFixture<ConsoleFixture>;
