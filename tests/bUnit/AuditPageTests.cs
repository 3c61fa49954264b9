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
        Assert.Equal(("web-149", "descending"), Shown());
        Turn(0);
        Assert.Equal(("web-49", "descending"), Shown());

        // Another order begins at its first page.
        page.Find("th.c-time button").Click();
        Assert.Equal(("web-0", "ascending"), Shown());
        Assert.Equal("?sort=time", new Uri(navigation.Uri).Query);
        Turn(0);
        Assert.Equal(("web-100", "ascending"), Shown());
        Turn(0);
        Assert.Equal(("web-0", "ascending"), Shown());

        // Only the order of time is at hand.
        Assert.Single(page.FindAll("th button"));
        navigation.NavigateTo("/access/audit?filter=web-77&sort=who");
        page.WaitForAssertion(() => Assert.Equal(("web-77", "descending"), Shown()));
    }
}
