using MudBlazor;
using Runner.Web.Components.Texts;
using Runner.Web.Identity;

namespace Runner.Web.Components.Layout;

/// <summary>Where in the navigation a page stands.</summary>
internal enum NavigationGroup
{
    /// <summary>What is going on: looked at every day, and within a thumb's reach on a phone.</summary>
    Watch,

    /// <summary>How the installation is set up.</summary>
    SetUp,

    /// <summary>What keeps it running.</summary>
    Operate,
}

/// <summary>One page in the navigation.</summary>
/// <param name="Path">Address of the page; pages below it belong to it.</param>
/// <param name="Icon">One of MudBlazor's icons.</param>
/// <param name="Texts">The class whose resources hold the title.</param>
/// <param name="Title">Name of the title in those resources.</param>
/// <param name="Policy">Who is offered it, one of <see cref="ConsolePolicies"/>. What the page itself refuses is the page's own business.</param>
internal sealed record NavigationItem(NavigationGroup Group, string Path, string Icon, Type Texts, string Title, string Policy = ConsolePolicies.Viewer);

/// <summary>The pages that the navigation offers, in its order. A page is added with one line.</summary>
internal static class ConsoleNavigation
{
    public static IReadOnlyList<NavigationItem> Items { get; } =
    [
        new(NavigationGroup.Watch, "/", Icons.Material.Outlined.SpaceDashboard, typeof(Text), "Overview.Title"),
        new(NavigationGroup.Watch, "/workloads", Icons.Material.Outlined.Layers, typeof(Text), "Workloads.Title"),
        new(NavigationGroup.Watch, "/capacity", Icons.Material.Outlined.Memory, typeof(CapacityText), "Title"),
        new(NavigationGroup.Watch, "/logs", Icons.Material.Outlined.Article, typeof(Text), "Logs.Title"),
        new(NavigationGroup.SetUp, "/configuration", Icons.Material.Outlined.Tune, typeof(ConfigurationText), "Title"),
        new(NavigationGroup.Operate, "/log-collection", Icons.Material.Outlined.Inbox, typeof(LogCollectionText), "Title"),
        new(NavigationGroup.Operate, "/access", Icons.Material.Outlined.AdminPanelSettings, typeof(AccessText), "Title", ConsolePolicies.Administrator),
        new(NavigationGroup.SetUp, "/connections", Icons.Material.Outlined.Dns, typeof(OperationsText), "Connections.Short"),
        new(NavigationGroup.SetUp, "/dependencies", Icons.Material.Outlined.Extension, typeof(OperationsText), "Dependencies.Title"),
        new(NavigationGroup.Operate, "/hub", Icons.Material.Outlined.Outbox, typeof(OperationsText), "Hub.Title"),
        new(NavigationGroup.Operate, "/diagnostics", Icons.Material.Outlined.MonitorHeart, typeof(OperationsText), "Diagnostics.Title"),
        new(NavigationGroup.Operate, "/runner-health", Icons.Material.Outlined.Speed, typeof(RunnerHealthText), "Short"),
    ];
}
