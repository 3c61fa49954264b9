using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Runner.Tests.bUnit.Support;
using Runner.Web.Components.Pages;
using Runner.Web.Identity;

namespace Runner.Tests.bUnit;

public sealed class AuditPageTests
{
    [Fact]
    public async Task The_log_is_read_page_by_page_from_either_end_and_back()
    {
        await using var console = new ConsoleContext(ConsoleRole.Administrator);
        for (var number = 0; number < 150; number++)
        {
            await console.Audit.WriteAsync("ann", "192.0.2.7", AuditActions.Stop, $"web-{number}", AuditOutcome.Done, AuditDetail.None, Xunit.TestContext.Current.CancellationToken);
        }

        var navigation = console.Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo("/access/audit");
        var page = console.Render<AccessAudit>();
        (string First, string? Order) Shown() => (page.Find("tbody td.c-target").TextContent, page.Find("th.c-time").GetAttribute("aria-sort"));
        void Turn(int button) => page.FindAll(".toolbar")[^1].QuerySelectorAll("button")[button].Click();
        Assert.Equal(("web-149", "ascending"), Shown());
        Turn(0);
        Assert.Equal(("web-49", "ascending"), Shown());

        // Another order begins at its first page.
        page.Find("th.c-time button").Click();
        Assert.Equal(("web-0", "descending"), Shown());
        Assert.Equal("?sort=-time", new Uri(navigation.Uri).Query);
        Turn(0);
        Assert.Equal(("web-100", "descending"), Shown());
        Turn(0);
        Assert.Equal(("web-0", "descending"), Shown());

        // By who and by act it is read as well, of each the newest first; by what would need the whole of it, it is not.
        Assert.Equal(["who", "act"], page.FindAll("th button").Select(button => button.ParentElement!.ClassName!.Trim()[2..]).Except(["time"]));
        await console.Audit.WriteAsync("Ada", "", AuditActions.SignIn, "", AuditOutcome.Done, AuditDetail.None, Xunit.TestContext.Current.CancellationToken);
        page.Find("th.c-who button").Click();
        Assert.Equal("?sort=who", new Uri(navigation.Uri).Query);
        Assert.Equal(["Ada", "ann"], page.FindAll("tbody td.c-who").Take(2).Select(cell => cell.TextContent));
        Assert.Equal("web-149", page.FindAll("tbody td.c-target")[1].TextContent);
        Turn(0);
        Assert.Equal("web-50", page.Find("tbody td.c-target").TextContent);
        Turn(0);
        Assert.Equal("Ada", page.Find("tbody td.c-who").TextContent);
        page.Find("th.c-act button").Click();
        Assert.Equal(AuditActions.SignIn, page.Find("tbody td.c-act").GetAttribute("title"));
        navigation.NavigateTo("/access/audit?filter=web-77&sort=target");
        page.WaitForAssertion(() => Assert.Equal(("web-77", "ascending"), Shown()));
    }
}
