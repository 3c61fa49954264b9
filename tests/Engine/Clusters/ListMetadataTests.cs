using System.Text;
using k8s.Models;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;

namespace Runner.Tests.Engine.Clusters;

public sealed class ListMetadataTests
{
    private const string Trap = """{"metadata":{"name":"a","annotations":{"x":"\"metadata\":{\"continue\":\"trap\"}}"}},"spec":{"metadata":{"continue":"trap"}}}""";

    [Theory]
    [InlineData("""{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"next","remainingItemCount":9},"items":[TRAP]}""", "next")]
    [InlineData("""{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[TRAP]}""", null)]
    [InlineData("""{"apiVersion":"v1","items":[TRAP,TRAP],"kind":"ServiceList","metadata":{"continue":"next","resourceVersion":"7"}}""", "next")]
    [InlineData("""{"apiVersion":"v1","items":[TRAP],"kind":"ServiceList","metadata":{"continue":"","resourceVersion":"7"} }  """, null)]
    [InlineData("""{"items":[TRAP],"metadata":{"continue":"told late"},"kind":"ServiceList"}""", null)]
    [InlineData("""{"items":[TRAP]}""", null)]
    [InlineData("""{"metadata":null,"items":[]}""", null)]
    [InlineData("""{"metadata":{"continue":7},"items":[]}""", null)]
    [InlineData("""["not a list"]""", null)]
    [InlineData("not JSON", null)]
    [InlineData("", null)]
    public void The_token_of_the_next_page_is_found_without_reading_the_items_or_left_to_their_reader(string page, string? expected)
    {
        var bytes = Encoding.UTF8.GetBytes(page.Replace("TRAP", Trap, StringComparison.Ordinal));

        var found = ListMetadata.ContinueOf(bytes);

        Assert.Equal(expected, found);
        if (found is not null)
        {
            Assert.Equal(found, new ResourceJson<V1Pod>(new("", "v1", "pods", null)).ReadPage(bytes, []).Continue);
        }
    }
}
