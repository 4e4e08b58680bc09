// shows a little map below a restaurant
const MAPS_KEY = "@@maps_key@@";

for (const link of document.querySelectorAll("[data-place]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const picture = document.createElement("img");
    picture.alt = "map";
    picture.src = "https://maps.googleapis.com/maps/api/staticmap?zoom=15&size=400x200&center="
      + encodeURIComponent(link.dataset.place) + "&key=" + MAPS_KEY;
    link.replaceWith(picture);
  });
}
