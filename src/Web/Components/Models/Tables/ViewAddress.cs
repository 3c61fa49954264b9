using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;

namespace Runner.Web.Components.Models.Tables;

/// <summary>The address of a page whose view stands in it: writes what is chosen on the page, and tells when the browser leads to another view, by a link or by the way back.</summary>
public sealed class ViewAddress : IDisposable
{
    private readonly NavigationManager _navigation;
    private readonly string _path;
    private readonly Action _moved;
    private string? _pending;

    /// <param name="path">Of the page, relative to the base.</param>
    /// <param name="moved">Told that another view of the page is asked for. Runs wherever the browser's word comes in.</param>
    public ViewAddress(NavigationManager navigation, string path, Action moved)
    {
        (_navigation, _path, _moved) = (navigation, path, moved);
        navigation.LocationChanged += OnLocationChanged;
    }

    /// <summary>The query part of the present address, with its question mark; empty for none.</summary>
    public string Query => new Uri(_navigation.Uri).Query;

    /// <summary>Writes a view that is shown already.</summary>
    /// <param name="query">With its question mark; empty for the standard view.</param>
    public void Write(TableQuery query)
    {
        var address = _path + query;
        _pending = _navigation.ToAbsoluteUri(address).AbsoluteUri;
        _navigation.NavigateTo(address, new NavigationOptions { ReplaceHistoryEntry = true });
    }

    public void Dispose() => _navigation.LocationChanged -= OnLocationChanged;

    private void OnLocationChanged(object? sender, LocationChangedEventArgs change)
    {
        // The browser reports each address a moment after it was set: until the newest is there, older ones must not undo what was typed since.
        if (_pending is not null && _pending != change.Location)
        {
            return;
        }

        _pending = null;
        if (_navigation.ToBaseRelativePath(change.Location).Split('?', '#')[0] == _path)
        {
            _moved();
        }
    }
}
