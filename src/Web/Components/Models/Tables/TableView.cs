using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace Runner.Web.Components.Models.Tables;

/// <summary>The view of a page's table, which stands in the page's address: takes what is chosen on the page, and what the browser leads to by a link or by the way back.</summary>
public sealed class TableView<TQuery> : IDisposable
    where TQuery : TableQuery
{
    private readonly NavigationManager _navigation;
    private readonly string _path;
    private readonly Func<string, TQuery> _parse;
    private readonly Action<TQuery> _show;
    private readonly Func<Action, Task> _redraw;
    private string? _pending;

    /// <summary>Reads the address, without showing anything yet.</summary>
    /// <param name="path">Of the page, relative to the base.</param>
    /// <param name="parse">Reads the query part of an address.</param>
    /// <param name="show">Shows a view.</param>
    /// <param name="redraw">Does something where the page lives and draws it anew.</param>
    public TableView(NavigationManager navigation, string path, Func<string, TQuery> parse, Action<TQuery> show, Func<Action, Task> redraw)
    {
        (_navigation, _path, _parse, _show, _redraw) = (navigation, path, parse, show, redraw);
        Query = parse(new Uri(navigation.Uri).Query);
        navigation.LocationChanged += OnLocationChanged;
    }

    /// <summary>What is shown.</summary>
    public TQuery Query { get; private set; }

    /// <summary>Where the page is now, for one that has addresses below its own; relative to the base.</summary>
    public Func<string>? Place { get; init; }

    /// <summary>Shows a view and writes it into the address.</summary>
    /// <param name="leadsBack">Whether the browser's way back leads to the view of before.</param>
    public void Change(TQuery query, bool leadsBack = false)
    {
        Query = query;
        _show(query);
        var address = (Place?.Invoke() ?? _path) + query;
        _pending = _navigation.ToAbsoluteUri(address).AbsoluteUri;
        _navigation.NavigateTo(address, new NavigationOptions { ReplaceHistoryEntry = !leadsBack });
    }

    /// <inheritdoc cref="TableQueries.SortedBy"/>
    public void Sort(string column) => Change(Query.SortedBy(column));

    /// <inheritdoc cref="TableQueries.FilteredBy"/>
    public void Filter(string? words) => Change(Query.FilteredBy(words));

    /// <inheritdoc cref="TableQueries.ToggledColumn"/>
    public void Toggle(string column) => Change(Query.ToggledColumn(column));

    /// <inheritdoc cref="TableQueries.AtPage"/>
    public void Turn(int page) => Change(Query.AtPage(page));

    public void Dispose() => _navigation.LocationChanged -= OnLocationChanged;

    private void OnLocationChanged(object? sender, LocationChangedEventArgs change)
    {
        // The browser reports each address a moment after it was set: until the newest is there, older ones must not undo what was typed since.
        if (_pending is not null && _pending != change.Location && PathOf(_pending) == PathOf(change.Location))
        {
            return;
        }

        _pending = null;
        if (PathOf(change.Location) is var path && (path == _path || (Place is not null && path.StartsWith(_path + "/", StringComparison.Ordinal))))
        {
            _ = _redraw(() => _show(Query = _parse(new Uri(_navigation.Uri).Query)));
        }
    }

    private string PathOf(string location) => _navigation.ToBaseRelativePath(location).Split('?', '#')[0];
}
