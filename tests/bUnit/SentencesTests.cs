using Runner.Web.Components.Models;

namespace Runner.Tests.bUnit;

/// <summary>The space between two sentences.</summary>
public sealed class SentencesTests
{
    [Theory]
    [InlineData("It failed.", " ")]
    [InlineData("失败了。", "")]
    [InlineData("真的吗？", "")]
    [InlineData("失败了", " ")]
    [InlineData("", " ")]
    public void A_full_width_mark_has_its_space_already(string before, string gap) => Assert.Equal(gap, Sentences.Gap(before));
}
