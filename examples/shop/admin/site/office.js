// Shows what the API knows. The API answers on the same machine, on a port of its own.
const api = `${location.protocol}//${location.hostname}:4000`;
const show = (id, text) => { document.getElementById(id).textContent = text; };

async function refresh() {
  try {
    const [orders, version] = await Promise.all([fetch(`${api}/api/orders`), fetch(`${api}/version`)]);
    show("orders", (await orders.json()).orders);
    show("version", await version.text());
    show("news", `As of ${new Date().toLocaleTimeString("en")}.`);
  } catch (error) {
    show("news", `The API does not answer: ${error.message}.`);
  }
}

document.getElementById("refresh").addEventListener("click", refresh);
refresh();
