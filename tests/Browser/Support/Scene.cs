using Microsoft.Playwright;

namespace Runner.Tests.Browser.Support;

/// <summary>A page in a state that is worth a picture.</summary>
/// <param name="Name">Of the picture.</param>
/// <param name="Path">Address of the page.</param>
/// <param name="Ready">What is there when the page is.</param>
internal sealed record Scene(string Name, string Path, string Ready)
{
    private const string Sample = "u-acme-qwen25-7b-instruct-3k9";
    private const string Details = $"/workloads/embedded/service/spaces/{Sample}";
    private const string Broken = "/workloads/embedded/service/spaces/u-zhou-llama-broken";

    /// <summary>What is done on the page before the picture is taken.</summary>
    public Func<IPage, Task> Act { get; init; } = _ => Task.CompletedTask;

    /// <summary>Made of what other scenes show as well, so that one look at it is enough.</summary>
    public bool Extra { get; init; }

    /// <summary>The page without anybody signed in.</summary>
    public bool Outside { get; init; }

    /// <summary>On a wide screen only.</summary>
    public bool Wide { get; init; }

    /// <summary>On a phone only.</summary>
    public bool Narrow { get; init; }

    /// <summary>Every page, and what opens on it.</summary>
    public static IReadOnlyList<Scene> All { get; } =
    [
        new("overview", "/", ".cluster-head"),
        new("menu-user", "/", ".cluster-head") { Act = page => ClickAsync(page.Locator(".bar-button button").Last, page.Locator(".user-card")) },
        new("menu-theme", "/", ".cluster-head") { Act = page => ClickAsync(page.Locator(".bar-button button").First, page.Locator(".mud-popover-open")), Extra = true },
        new("menu-pages", "/", ".cluster-head") { Narrow = true, Act = page => ClickAsync(page.Locator(".nav-more-button button"), page.Locator("#nav-more")) },
        new("not-found", "/nowhere", "h1"),
        new("workloads", "/workloads", "tr[data-row]"),
        new("workloads-none", "/workloads?filter=nothing-has-this-name", ".notice") { Extra = true },
        new("workloads-selected", "/workloads", "tr[data-row]") { Wide = true, Act = page => page.Locator("tr[data-row] input").First.CheckAsync() },
        new("workloads-columns", "/workloads", "tr[data-row]") { Wide = true, Act = page => ClickAsync(page.Locator(".columns-menu button"), page.Locator(".mud-popover-open")), Extra = true },
        new("detail", Details, ".instance"),
        new("detail-none", "/workloads/embedded/service/spaces/nothing-has-this-name", ".notice") { Extra = true },
        new("detail-broken", Broken, ".instance"),
        new("waiting", "/workloads/embedded/service/spaces/u-acme-too-big-3kd?section=events", ".verdict"),
        new("manifest", $"{Details}?section=manifest", ".yaml") { Extra = true },
        new("revisions", $"{Details}?section=revisions", ".detail-body table"),
        new("history", $"{Broken}?section=history", ".timeline li") { Extra = true },
        new("containers", $"{Details}?section=containers", ".spec"),
        new("detail-logs", $"{Details}?section=logs", ".log-line") { Extra = true },
        new("purge", Details, ".instance") { Act = page => DialogAsync(page, page.Locator(".detail-actions .mud-button-outlined-error")) },
        new("stop", Details, ".instance") { Act = page => DialogAsync(page, page.Locator(".detail-actions button").Nth(2)), Extra = true },
        new("scale", Details, ".instance") { Act = page => DialogAsync(page, page.Locator(".detail-actions button").Nth(1)) },
        new("logs", $"/logs/embedded/service/spaces/{Sample}", ".log-line"),
        new("logs-choose", "/logs", ".log-picks a"),
        new("logs-many", "/logs?labels=csghub_deploy_type&times=1&wrap=1&filter=GET%7CINFO&regex=1&container=*", ".log-line"),
        new("logs-history", "/logs/history", "h1") { Extra = true },
        new("capacity", "/capacity", "tr.is-group"),
        new("capacity-none", "/capacity?filter=nothing-has-this-name", ".notice") { Extra = true },
        new("capacity-group", "/capacity?group=NVIDIA-A100-SXM4-80GB", ".capacity-users li"),
        new("capacity-node", "/capacity?node=embedded/gpu-hami-1", ".capacity-cards li"),
        new("capacity-fit", "/capacity/fit?device=A100&count=4&cpu=64&memory=256Gi&replicas=6", "tr.fits"),
        new("capacity-fit-unknown", "/capacity/fit?device=unicorn&count=4", ".notice") { Extra = true },
        new("connections", "/connections", ".settings"),
        new("hub", "/hub", ".outbox-grid tr[data-row]"),
        new("hub-none", "/hub?filter=nothing-has-this-name", ".notice") { Extra = true },
        new("hub-payload", "/hub", ".outbox-grid tr[data-row]") { Act = page => ClickAsync(page.Locator(".outbox-grid a[data-open]").First, page.Locator(".payload")) },
        new("dependencies", "/dependencies", ".dependencies"),
        new("dependencies-tried", "/dependencies", ".dependencies") { Act = TryBundleAsync },
        new("diagnostics", "/diagnostics", ".check-row"),
        new("runner-health", "/runner-health", ".health-files td"),
        new("log-collection", "/log-collection", ".notice"),
        new("configuration", "/configuration", ".values-field") { Act = EditorAsync },
        new("configuration-problems", "/configuration?tab=problems", ".values-problems") { Extra = true },
        new("configuration-release", "/configuration?tab=release", "h1") { Extra = true },
        new("configuration-history", "/configuration?tab=history", "h1") { Extra = true },
        new("configuration-export", "/configuration?tab=export", ".values-export") { Extra = true },
        new("configuration-import", "/configuration", ".values-field") { Act = page => DialogAsync(page, page.Locator("[data-import]")) },
        new("access-users", "/access", "[data-user]"),
        new("access-user", "/access", "[data-user]") { Act = page => DialogAsync(page, page.Locator(".access-add button")) },
        new("access-sessions", "/access/sessions", "[data-session]"),
        new("access-clients", "/access/clients", ".access-table"),
        new("access-client", "/access/clients", ".access-table") { Act = page => DialogAsync(page, page.Locator(".access-add button")), Extra = true },
        new("access-rules", "/access/rules", ".rules") { Extra = true },
        new("access-audit", "/access/audit", ".audit-table"),
        new("profile", "/profile", "[data-present]"),
        new("sign-in", "/sign-in", "#user") { Outside = true },
        new("sign-in-refused", "/sign-in", "#user") { Outside = true, Act = RefusedAsync },
    ];

    private static async Task ClickAsync(ILocator button, ILocator opens)
    {
        await button.ClickAsync();
        await opens.First.WaitForAsync();
    }

    private static Task DialogAsync(IPage page, ILocator button) => ClickAsync(button, page.Locator(".mud-dialog"));

    /// <summary>Beside the form where there is room for it.</summary>
    private static async Task EditorAsync(IPage page)
    {
        if (await page.Locator(".values-editor").IsVisibleAsync())
        {
            await page.Locator(".values-editor .line-numbers").First.WaitForAsync();
        }
    }

    private static async Task RefusedAsync(IPage page)
    {
        await page.FillAsync("#user", "nobody");
        await page.FillAsync("#password", "not a password");
        await ClickAsync(page.Locator("form button[type=submit]"), page.Locator(".plain-problem"));
    }

    private static async Task TryBundleAsync(IPage page)
    {
        await page.Locator("#bundle").FillAsync("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tried, namespace: spaces}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name, namespace: spaces}\n");
        await page.Locator("section:has(#install-title) .mud-button-outlined").ClickAsync();
        await page.Locator(".step-refused").WaitForAsync();
    }
}
